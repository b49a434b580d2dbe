// The reserve and the backups of a data directory, on a real file system.
#include "state-store/shell/data_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/hash.hpp"
#include "rt/epoll_loop.hpp"
#include "state-store/engine/sqlite_open.hpp"

namespace drover::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

// More than the log holds before it is written back into the database, which takes as much room again.
constexpr Size kReserve{5 << 20};

class DataDiskTest : public testing::Test {
   protected:
    DataDiskTest() { fs::create_directory(directory_); }
    ~DataDiskTest() override {
        engine_.reset();
        if (mounted_) ::umount2(directory_.c_str(), MNT_DETACH);
        fs::remove_all(directory_);
    }
    // A file system of 16 MiB below the directory; false where nobody may mount.
    bool mount_small() {
        mounted_ = ::mount("tmpfs", directory_.c_str(), "tmpfs", 0, "size=16m,mode=0700") == 0;
        return mounted_;
    }
    bool open() {
        auto opened = open_sqlite(directory_ + "/state.db", Instant{1});
        if (opened) engine_ = std::move(opened->engine);
        return opened.has_value();
    }
    Result<std::uint64_t> put(int i) {
        return engine_->commit({{ChangeKind::put, 0, "job/" + std::to_string(i), std::string(20'000, 'j')}});
    }
    Result<wire::StoreReport> wait(const std::function<void(Disk::Done)>& errand) {
        std::optional<Result<wire::StoreReport>> out;
        errand([&](Result<wire::StoreReport> report) { out = std::move(report); });
        loop_.run_until([&] { return out.has_value(); }, seconds(30));
        return out.value_or(fail(ErrorKind::unavailable, "no answer"));
    }

    std::string directory_ = testing::TempDir() + "disk-" + random_hex(12);
    bool mounted_ = false;
    rt::EpollLoop loop_;
    std::unique_ptr<Engine> engine_;
};

TEST_F(DataDiskTest, AFullDiskIsSaidToBeFullAndTheReserveIsRoomForMore) {
    if (!mount_small()) GTEST_SKIP() << "a small file system cannot be mounted here";
    DataDisk disk(loop_, directory_, kReserve);
    ASSERT_TRUE(disk.reserve());
    ASSERT_TRUE(open());
    int i = 0;
    Result<std::uint64_t> done;
    while ((done = put(i))) ASSERT_LT(++i, 1000);
    EXPECT_EQ(done.error().kind, ErrorKind::io);
    EXPECT_THAT(done.error().message, StartsWith("disk full: no room is left for the database " + directory_));
    EXPECT_FALSE(engine_->get("job/" + std::to_string(i)).value());

    for (int more = 0; more < 10;) {
        if (put(i + more)) {
            ++more;
        } else {
            ASSERT_TRUE(disk.release()) << more;
        }
    }
    EXPECT_THAT(disk.reserve().error().message, StartsWith("disk full: less than 10MiB are free"));
    engine_.reset();
    while (!open()) ASSERT_TRUE(disk.release()) << "there must be something left for an opening";
    EXPECT_EQ(engine_->count(0), static_cast<std::uint64_t>(i) + 10) << "nothing was lost";

    for (int gone = 0; gone < i; ++gone) {
        ASSERT_TRUE(engine_->commit({{ChangeKind::forget, 0, "job/" + std::to_string(gone), ""}}));
    }
    engine_.reset();
    fs::remove(directory_ + "/state.db");
    EXPECT_TRUE(disk.reserve()) << "there is room again";
}

TEST_F(DataDiskTest, AReserveThatWasCutOrIsOnlyALengthIsMadeWhole) {
    DataDisk disk(loop_, directory_, kReserve);
    std::ofstream(directory_ + "/reserve").close();
    fs::resize_file(directory_ + "/reserve", kReserve.bytes);  // a hole
    ASSERT_TRUE(disk.reserve());
    struct stat info {};
    ASSERT_EQ(::stat((directory_ + "/reserve").c_str(), &info), 0);
    EXPECT_GE(static_cast<std::uint64_t>(info.st_blocks) * 512, kReserve.bytes);
}

TEST_F(DataDiskTest, ABackupGoesIntoTheStoresOwnDirectoryAndNowhereElse) {
    ASSERT_TRUE(open());
    ASSERT_TRUE(put(1));
    DataDisk disk(loop_, directory_, kReserve);
    for (const char* name : {"../x.db", "/tmp/x.db", "", ".hidden", "a/b"}) {
        const auto refused = wait([&](Disk::Done done) { disk.back_up(name, std::move(done)); });
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
    }
    const auto made = wait([&](Disk::Done done) { disk.back_up("monday.db", std::move(done)); });
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->file, directory_ + "/backups/monday.db");
    EXPECT_EQ(made->objects, 1U);
    EXPECT_EQ(fs::status(directory_ + "/backups").permissions(), fs::perms::owner_all);
    const auto again = wait([&](Disk::Done done) { disk.back_up("monday.db", std::move(done)); });
    EXPECT_EQ(again.error().kind, ErrorKind::conflict);
    const auto checked = wait([&](Disk::Done done) { disk.check(std::move(done)); });
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->objects, 1U);
}

TEST_F(DataDiskTest, ABackupThatWouldFillTheDiskIsRefused) {
    if (!mount_small()) GTEST_SKIP() << "a small file system cannot be mounted here";
    ASSERT_TRUE(open());
    for (int i = 0; i < 150; ++i) ASSERT_TRUE(put(i));
    DataDisk disk(loop_, directory_, kReserve);
    const auto refused = wait([&](Disk::Done done) { disk.back_up("monday.db", std::move(done)); });
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("disk full: a backup needs"));
}

}  // namespace
}  // namespace drover::store
