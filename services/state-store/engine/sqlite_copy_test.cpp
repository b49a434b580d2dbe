// Backups and checks of a database, beside one that is being written to.
#include "state-store/engine/sqlite_copy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "base/hash.hpp"
#include "state-store/engine/files.hpp"
#include "state-store/engine/sqlite_open.hpp"

namespace drover::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr Instant kMade{1'790'000'000'000'000'000};
const std::atomic<bool> kGoOn = false;

class SqliteCopyTest : public testing::Test {
   protected:
    void SetUp() override {
        directory_ = testing::TempDir() + "copy-" + random_hex(12);
        fs::create_directory(directory_);
        path_ = directory_ + "/state.db";
        target_ = directory_ + "/backup.db";
        engine_ = open(path_).engine;
        for (int i = 0; i < 300; ++i) put("job/" + std::to_string(i), std::string(500, 'v'));
        for (int i = 0; i < 40; ++i) put("event/" + std::to_string(i), "e", 1);
    }
    void TearDown() override {
        engine_.reset();
        fs::remove_all(directory_);
    }
    static OpenedEngine open(const std::string& path) {
        auto opened = open_sqlite(path, kMade);
        EXPECT_TRUE(opened) << opened.error().message;
        return opened ? std::move(*opened) : OpenedEngine{};
    }
    void put(const std::string& key, const std::string& value, Space space = 0) {
        ASSERT_TRUE(engine_->commit({{ChangeKind::put, space, key, value}}));
    }
    static std::vector<Entry> contents(const Engine& engine) { return engine.after(0, 0, 100'000).value(); }
    std::size_t files() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()));
    }

    std::string directory_, path_, target_;
    std::unique_ptr<Engine> engine_;
};

TEST_F(SqliteCopyTest, ABackupHoldsWhatWasThereAndIsForItsOwnerOnly) {
    const auto expected = contents(*engine_);
    const auto report = back_up(path_, target_, kMade, kGoOn);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->file, target_);
    EXPECT_EQ(report->counts.at(0), 300U);
    EXPECT_EQ(report->counts.at(1), 40U);
    EXPECT_EQ(report->bytes, fs::file_size(target_));
    struct stat info {};
    ASSERT_EQ(::stat(target_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);
    EXPECT_EQ(files(), 4U) << "the database, its log, its index and the backup";
    EXPECT_EQ(contents(*open(target_).engine), expected);
}

TEST_F(SqliteCopyTest, ABackupReplacesNothing) {
    ASSERT_TRUE(files::write(target_, 0, "mine"));
    const auto refused = back_up(path_, target_, kMade, kGoOn);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_EQ(files::read(target_, 0, 100), "mine");
}

TEST_F(SqliteCopyTest, ABackupWhileTheStoreWritesIsOneMomentOfIt) {
    std::atomic<bool> done = false;
    Result<DatabaseReport> report;
    std::thread thread([&] {
        report = back_up(path_, target_, kMade, kGoOn);
        done = true;
    });
    // Always two keys in one commit, so a state between two commits would show.
    std::uint64_t written = 0;
    while (!done || written == 0) {
        const std::string value = std::to_string(++written);
        ASSERT_TRUE(engine_->commit({{ChangeKind::put, 0, "twin/a", value}, {ChangeKind::put, 0, "twin/b", value}}));
    }
    thread.join();
    ASSERT_TRUE(report) << report.error().message;
    const OpenedEngine copy = open(target_);
    const auto a = copy.engine->get("twin/a").value(), b = copy.engine->get("twin/b").value();
    EXPECT_EQ(a ? a->value : "", b ? b->value : "");
    EXPECT_EQ(engine_->get("twin/a").value()->value, std::to_string(written));
}

TEST_F(SqliteCopyTest, AStoreThatStartsWithABackupSaysSoAndNumbersAnew) {
    const std::string uuid = engine_->uuid();
    ASSERT_TRUE(back_up(path_, target_, kMade, kGoOn));
    for (int i = 0; i < 100; ++i) put("later/" + std::to_string(i), "lost");
    const std::uint64_t told = engine_->head();
    OpenedEngine restored = open(target_);
    EXPECT_THAT(restored.recovered, HasSubstr("restored from the backup of 2026-"));
    EXPECT_NE(restored.engine->uuid(), uuid);
    EXPECT_GT(restored.engine->commit({{ChangeKind::put, 0, "new", ""}}).value(), told);
    const std::string again = restored.engine->uuid();
    restored.engine.reset();
    EXPECT_EQ(open(target_).engine->uuid(), again) << "once is enough";
}

TEST_F(SqliteCopyTest, ABackupThatIsStoppedLeavesNothingBehind) {
    const std::atomic<bool> stop = true;
    EXPECT_FALSE(back_up(path_, target_, kMade, stop));
    EXPECT_EQ(files(), 3U);
}

TEST_F(SqliteCopyTest, ALivingDatabaseIsCheckedWhileItIsWrittenTo) {
    const auto report = check_living(path_, kGoOn);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->counts.at(0), 300U);
    EXPECT_EQ(report->revision, engine_->head());
    EXPECT_EQ(report->format, 1U);
}

TEST_F(SqliteCopyTest, ACheckFindsOneChangedByteAndChangesNothing) {
    engine_.reset();
    const auto whole = check_file(path_);
    ASSERT_TRUE(whole) << whole.error().message;
    EXPECT_EQ(whole->counts.at(0), 300U);
    EXPECT_EQ(whole->file, path_);

    std::string bytes = files::read(path_, 0, 10'000'000);
    const auto at = bytes.find("vvvvvvvv");
    ASSERT_NE(at, std::string::npos);
    ASSERT_TRUE(files::write(path_, at, "w"));
    bytes[at] = 'w';
    const auto damaged = check_file(path_);
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().kind, ErrorKind::corrupt);
    EXPECT_THAT(damaged.error().message, HasSubstr("checksum"));
    EXPECT_EQ(files::read(path_, 0, 10'000'000), bytes);
    EXPECT_EQ(files(), 1U);
    EXPECT_EQ(check_file(directory_ + "/nowhere.db").error().kind, ErrorKind::not_found);

    const auto living = check_living(path_, kGoOn);
    ASSERT_FALSE(living);
    EXPECT_EQ(living.error().kind, ErrorKind::corrupt);
    EXPECT_THAT(living.error().message, HasSubstr("checksum"));
}

}  // namespace
}  // namespace drover::store
