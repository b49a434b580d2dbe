// The database opens whatever happened to its file, and keeps what can be read.
#include "state-store/engine/sqlite_open.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>

#include "base/hash.hpp"
#include "state-store/engine/files.hpp"
#include "state-store/engine/sqlite_schema.hpp"

namespace drover::store {
namespace {

namespace fs = std::filesystem;

constexpr Instant kNow{1'790'000'000'000'000'000};
constexpr std::size_t kPage = schema::kPageSize;
constexpr const char* kFiles[] = {"", "-wal", "-shm"};

class SqliteOpenTest : public testing::Test {
   protected:
    void SetUp() override {
        directory_ = testing::TempDir() + "open-" + random_hex(12);
        fs::create_directory(directory_);
        path_ = directory_ + "/state.db";
    }
    void TearDown() override { fs::remove_all(directory_); }

    static OpenedEngine open(const std::string& path) {
        auto opened = open_sqlite(path, kNow);
        EXPECT_TRUE(opened) << opened.error().message;
        return opened ? std::move(*opened) : OpenedEngine{};
    }

    // About 150 pages: small rows, changed rows, rows with overflow pages, tombstones.
    static void fill(Engine& engine) {
        for (int round = 0; round < 4; ++round) {
            Batch batch;
            for (int i = 0; i < 400; ++i) {
                const std::string key = "event/job/alloc/task/" + std::to_string(round * 400 + i);
                batch.push_back({ChangeKind::put, 1, key, key + std::string(200, 'v')});
            }
            for (int i = 0; i < 20; ++i) {
                const std::string key = "job/" + std::to_string(i);
                batch.push_back({ChangeKind::put, 0, key, key + std::string(i == 7 ? 12'000 : 50, 'j')});
            }
            batch.push_back({ChangeKind::erase, 0, "job/" + std::to_string(round), ""});
            ASSERT_TRUE(engine.commit(batch));
        }
    }

    static std::map<std::string, Entry> contents(const Engine& engine) {
        std::map<std::string, Entry> out;
        for (const Space space : {Space{0}, Space{1}}) {
            const auto entries = engine.after(space, 0, 100'000).value();
            for (const Entry& entry : entries) out[entry.key] = entry;
        }
        return out;
    }

    // A database as kill -9 leaves it: part of it still in the log.
    std::map<std::string, Entry> leave_behind(bool with_log) {
        const std::string living = directory_ + "/living.db";
        OpenedEngine opened = open(living);
        fill(*opened.engine);
        auto expected = contents(*opened.engine);
        if (!with_log) opened.engine.reset();
        for (const char* companion : kFiles) {
            EXPECT_TRUE(files::copy(living + companion, directory_ + "/left.db" + companion));
        }
        return expected;
    }

    void restore() {
        for (const fs::directory_entry& file : fs::directory_iterator(directory_)) {
            if (file.path().filename().string().starts_with("state.db")) fs::remove(file.path());
        }
        for (const char* companion : kFiles) {
            EXPECT_TRUE(files::copy(directory_ + "/left.db" + companion, path_ + companion));
        }
    }

    void zero(const std::string& file, std::size_t page) {
        ASSERT_TRUE(files::write(file, page * kPage, std::string(kPage, '\0')));
    }

    // Everything that is there is as it was written; returns how much there is.
    static std::size_t check_subset(const Engine& engine, const std::map<std::string, Entry>& expected) {
        const auto found = contents(engine);
        for (const auto& [key, entry] : found) {
            const auto it = expected.find(key);
            const bool known = it != expected.end();
            EXPECT_TRUE(known && entry.revision <= it->second.revision) << key;
            EXPECT_TRUE(!known || entry.revision < it->second.revision || entry == it->second) << key;
        }
        return found.size();
    }

    std::size_t asides() const {
        std::size_t count = 0;
        for (const fs::directory_entry& file : fs::directory_iterator(directory_)) {
            const std::string name = file.path().filename().string();
            if (name.starts_with("state.db.damaged-") && !name.ends_with("-wal") && !name.ends_with("-shm")) ++count;
        }
        return count;
    }

    std::string directory_;
    std::string path_;
};

TEST_F(SqliteOpenTest, AMissingDatabaseIsCreatedAndKeptOverARestart) {
    OpenedEngine opened = open(path_);
    EXPECT_EQ(opened.recovered, "");
    EXPECT_EQ(opened.engine->head(), 0U);
    fill(*opened.engine);
    const std::string uuid = opened.engine->uuid();
    const std::uint64_t head = opened.engine->head();
    const auto expected = contents(*opened.engine);
    opened.engine.reset();

    opened = open(path_);
    EXPECT_EQ(opened.recovered, "");
    EXPECT_EQ(opened.engine->uuid(), uuid);
    EXPECT_EQ(opened.engine->head(), head);
    EXPECT_EQ(opened.engine->head(0), expected.at("job/3").revision);
    EXPECT_EQ(opened.engine->count(1), 1600U);
    EXPECT_EQ(contents(*opened.engine), expected);
}

TEST_F(SqliteOpenTest, WhatWasCommittedOutlivesKillNine) {
    const auto expected = leave_behind(true);
    ASSERT_GT(files::size(directory_ + "/left.db-wal"), 0);
    restore();
    const OpenedEngine opened = open(path_);
    EXPECT_EQ(opened.recovered, "");
    EXPECT_EQ(contents(*opened.engine), expected);
}

TEST_F(SqliteOpenTest, ADatabaseOfANewerVersionIsRefusedAndLeftAlone) {
    open(path_);
    {
        auto db = Db::open(path_);
        const std::string sum = std::to_string(static_cast<std::int64_t>(schema::checksum("schema", "2")));
        ASSERT_TRUE(db->exec(("UPDATE meta SET value = '2', sum = " + sum + " WHERE name = 'schema'").c_str()));
    }
    const auto refused = open_sqlite(path_, kNow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::refused);
    EXPECT_NE(refused.error().message.find("has the format 2, this version of Drover knows formats up to 1; start the "
                                           "newer version that wrote it"),
              std::string::npos)
        << refused.error().message;
    EXPECT_EQ(asides(), 0U);
}

TEST_F(SqliteOpenTest, ALostFirstOrRootPageCostsNothing) {
    const auto expected = leave_behind(false);
    for (const std::size_t page : {std::size_t{0}, std::size_t{1}}) {
        restore();
        zero(path_, page);
        const OpenedEngine opened = open(path_);
        EXPECT_NE(opened.recovered, "");
        EXPECT_EQ(contents(*opened.engine), expected) << "page " << page;
    }
}

TEST_F(SqliteOpenTest, ALostPageCostsItsOwnRowsAndTheyAreNamed) {
    const auto expected = leave_behind(false);
    const std::size_t pages = static_cast<std::size_t>(files::size(directory_ + "/left.db")) / kPage;
    for (std::size_t page = 2; page < pages; page += 7) {
        restore();
        zero(path_, page);
        const OpenedEngine opened = open(path_);
        const std::size_t kept = check_subset(*opened.engine, expected);
        EXPECT_GE(kept + 20, expected.size()) << "page " << page;
        if (kept < expected.size()) {
            const std::string lost = "known to be lost: " + std::to_string(expected.size() - kept) + " (";
            EXPECT_NE(opened.recovered.find(lost), std::string::npos) << opened.recovered;
        }
    }
}

TEST_F(SqliteOpenTest, TheSentenceStaysUntilItIsForgottenAndTheNumberingIsNew) {
    leave_behind(false);
    restore();
    const std::string old_uuid = open(path_).engine->uuid();
    zero(path_, 5);
    OpenedEngine opened = open(path_);
    const std::string uuid = opened.engine->uuid(), sentence = opened.recovered;
    EXPECT_NE(uuid, old_uuid);
    EXPECT_NE(sentence.find("objects read and kept: "), std::string::npos) << sentence;
    EXPECT_EQ(opened.engine->get(kRecoveryKey).value()->value, sentence);
    const std::uint64_t head = opened.engine->head();
    EXPECT_GT(head, std::uint64_t{1 << 20});
    EXPECT_EQ(asides(), 1U);
    opened.engine.reset();

    opened = open(path_);
    EXPECT_EQ(opened.engine->uuid(), uuid);
    EXPECT_EQ(opened.recovered, sentence);
    ASSERT_TRUE(opened.engine->commit({{ChangeKind::forget, kRecoverySpace, std::string(kRecoveryKey), ""}}));
    opened.engine.reset();

    opened = open(path_);
    EXPECT_EQ(opened.recovered, "");
    EXPECT_EQ(opened.engine->head(), head);
    EXPECT_EQ(asides(), 1U);
}

TEST_F(SqliteOpenTest, ACrashInTheMiddleOfASalvageIsContinued) {
    leave_behind(false);
    restore();
    zero(path_, 5);
    const auto salvaged = contents(*open(path_).engine);
    // As if the new database had been complete but nothing been moved yet.
    fs::rename(path_, path_ + ".salvaged");
    for (const char* companion : {"", "-wal"}) {
        ASSERT_TRUE(files::copy(directory_ + "/left.db" + companion, path_ + companion));
    }
    const OpenedEngine opened = open(path_);
    EXPECT_EQ(contents(*opened.engine), salvaged);
    EXPECT_NE(opened.recovered, "");
    EXPECT_EQ(asides(), 2U);
    EXPECT_FALSE(files::exists(path_ + ".salvaged"));
}

TEST_F(SqliteOpenTest, ALogThatLostCommitsIsNoticedAndItsOtherPagesAreRead) {
    const auto expected = leave_behind(true);
    restore();
    // The second frame: SQLite alone would end before it and say nothing.
    ASSERT_TRUE(files::write(path_ + "-wal", 32 + 4096 + 24 + 500, "damage"));
    const OpenedEngine opened = open(path_);
    EXPECT_NE(opened.recovered, "");
    EXPECT_GE(check_subset(*opened.engine, expected) + 20, expected.size()) << opened.recovered;
}

TEST_F(SqliteOpenTest, AnEmptyOrForeignFileIsPutAside) {
    for (const std::string& content : {std::string(), std::string("hello"), std::string(100'000, 'x')}) {
        restore();
        fs::remove(path_ + "-wal");
        fs::remove(path_);
        ASSERT_TRUE(files::write(path_, 0, content));
        const OpenedEngine opened = open(path_);
        EXPECT_NE(opened.recovered, "");
        EXPECT_EQ(contents(*opened.engine).size(), 0U);
        EXPECT_EQ(asides(), 1U);
    }
}

// Damage anywhere, of any kind: it opens, tells only what was written, and says so when anything is missing.
class DamageTest : public SqliteOpenTest, public testing::WithParamInterface<int> {};

TEST_P(DamageTest, ItAlwaysOpensAndNeverTellsAnythingFalse) {
    std::mt19937 random(static_cast<unsigned>(GetParam()));
    const auto pick = [&](std::size_t below) { return static_cast<std::size_t>(random() % below); };
    const bool with_log = GetParam() % 2 == 0;
    const auto expected = leave_behind(with_log);
    for (int round = 0; round < 12; ++round) {
        restore();
        const std::string part = with_log ? kFiles[pick(3)] : "";
        const std::string victim = path_ + part;
        const auto size = static_cast<std::size_t>(files::size(victim));
        switch (pick(3)) {
            case 0: fs::resize_file(victim, pick(size)); break;
            case 1: {
                const std::size_t at = pick(size);
                const std::string zeros(std::min(pick(20'000) + 1, size - at), '\0');
                ASSERT_TRUE(files::write(victim, at, zeros));
                break;
            }
            default:
                for (std::size_t i = pick(30) + 1; i > 0; --i) {
                    const std::size_t at = pick(size);
                    std::string byte = files::read(victim, at, 1);
                    byte[0] = static_cast<char>(byte[0] ^ static_cast<char>(pick(255) + 1));
                    ASSERT_TRUE(files::write(victim, at, byte));
                }
        }
        const OpenedEngine opened = open(path_);
        ASSERT_TRUE(opened.engine);
        const std::size_t kept = check_subset(*opened.engine, expected);
        // The end of the log is lost as in a power loss, silently; its index can be made anew.
        const bool told = part == "-wal" || !opened.recovered.empty();
        EXPECT_TRUE(told || kept == expected.size()) << "seed " << GetParam() << "." << round;
        EXPECT_TRUE(part != "-shm" || opened.recovered.empty()) << opened.recovered;
        EXPECT_TRUE(opened.engine->commit({{ChangeKind::put, 0, "job/after", "x"}}));
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DamageTest, testing::Range(1, 9));

}  // namespace
}  // namespace drover::store
