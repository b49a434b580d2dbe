// What every engine promises. Each test runs over all of them.
#include "state-store/engine/engine.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/hash.hpp"
#include "state-store/engine/memory_engine.hpp"
#include "state-store/engine/sqlite_open.hpp"

namespace drover::store {
namespace {

Change put(Space space, std::string key, std::string value) {
    return {ChangeKind::put, space, std::move(key), std::move(value)};
}
Change erase(std::string key) { return {ChangeKind::erase, 0, std::move(key), ""}; }
Change forget(std::string key) { return {ChangeKind::forget, 0, std::move(key), ""}; }

std::string keys(const std::vector<Entry>& entries) {
    std::string out;
    for (const Entry& entry : entries) {
        out += std::to_string(entry.revision) + ":" + entry.key + (entry.erased ? "-" : "=" + entry.value) + " ";
    }
    return out;
}
std::string keys(const Result<std::vector<Entry>>& entries) { return keys(entries.value()); }
std::string keys(const Result<Slice>& slice) {
    return keys(slice->entries) + "up to " + std::to_string(slice->through);
}

class EngineTest : public testing::TestWithParam<std::string> {
   protected:
    void SetUp() override {
        if (GetParam() == "memory") {
            engine_ = std::make_unique<MemoryEngine>("uuid");
            return;
        }
        directory_ = testing::TempDir() + "engine-" + random_hex(12);
        std::filesystem::create_directory(directory_);
        auto opened = open_sqlite(directory_ + "/state.db", Instant{1});
        ASSERT_TRUE(opened) << opened.error().message;
        engine_ = std::move(opened->engine);
    }
    void TearDown() override {
        engine_.reset();
        if (!directory_.empty()) std::filesystem::remove_all(directory_);
    }
    void commit(const Batch& batch) { ASSERT_TRUE(engine_->commit(batch)); }

    std::unique_ptr<Engine> engine_;
    std::string directory_;
};

TEST_P(EngineTest, EveryChangeGetsARevisionOfItsOwn) {
    EXPECT_EQ(engine_->head(), 0U);
    EXPECT_EQ(engine_->commit({put(0, "a", "1"), put(1, "b", "2")}), 2U);
    EXPECT_EQ(engine_->commit({put(0, "a", "3")}), 3U);
    EXPECT_EQ(engine_->head(0), 3U);
    EXPECT_EQ(engine_->head(1), 2U);
    EXPECT_EQ(engine_->head(7), 0U);
    EXPECT_EQ(engine_->commit({}), 3U);
    const auto a = engine_->get("a").value();
    ASSERT_TRUE(a);
    EXPECT_EQ(*a, (Entry{3, 0, "a", false, "3"}));
    EXPECT_FALSE(engine_->get("c").value());
}

TEST_P(EngineTest, AReplayTellsTheSurvivingChangesOfASpaceInOrder) {
    commit({put(0, "a", "1"), put(1, "x", "2"), put(0, "b", "3"), put(0, "a", "4"), put(0, "c", "5")});
    commit({erase("b"), erase("nowhere")});
    EXPECT_EQ(keys(engine_->after(0, 0, 100)), "4:a=4 5:c=5 6:b- ");
    EXPECT_EQ(keys(engine_->after(0, 4, 1)), "5:c=5 ");
    EXPECT_EQ(keys(engine_->after(1, 0, 100)), "2:x=2 ");
    EXPECT_FALSE(engine_->get("b").value());
    EXPECT_EQ(engine_->count(0), 2U);
    EXPECT_EQ(engine_->count(1), 1U);
}

TEST_P(EngineTest, AForgottenKeyLeavesNoTraceButItsRevisionIsNeverReused) {
    commit({put(0, "a", "1"), put(0, "b", "2")});
    commit({forget("b"), forget("nowhere")});
    EXPECT_EQ(keys(engine_->after(0, 0, 100)), "1:a=1 ");
    EXPECT_EQ(engine_->head(0), 2U);
    EXPECT_EQ(engine_->commit({put(0, "c", "3")}), 3U);
    EXPECT_EQ(engine_->count(0), 2U);
}

TEST_P(EngineTest, ABatchWhoseExpectationFailsChangesNothing) {
    commit({put(0, "a", "1"), put(0, "b", "2")});
    commit({erase("b")});
    Change stale = put(0, "a", "9");
    stale.expected = 7;
    const auto refused = engine_->commit({put(0, "c", "3"), stale});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_FALSE(engine_->get("c").value());
    EXPECT_EQ(engine_->head(), 3U);

    Change current = put(0, "a", "9"), absent = put(0, "b", "8");
    current.expected = 1;
    absent.expected = 0;
    EXPECT_EQ(engine_->commit({current, absent}), 5U);
}

TEST_P(EngineTest, ARangeIsInOrderOfKeysAndHidesErasedOnes) {
    commit(
        {put(0, "job/b", "1"), put(0, "job/a", "2"), put(0, "job0", "3"), put(0, "job/c", "4"), put(0, "job/d", "5")});
    commit({erase("job/c")});
    EXPECT_EQ(keys(engine_->range("job/", 100)), "2:job/a=2 1:job/b=1 5:job/d=5 ");
    EXPECT_EQ(keys(engine_->range("job/", 1)), "2:job/a=2 ");
    EXPECT_EQ(keys(engine_->range("job/", 100, "job/a")), "1:job/b=1 5:job/d=5 ");
    EXPECT_EQ(keys(engine_->range("", 2)), "2:job/a=2 1:job/b=1 ");
}

TEST_P(EngineTest, AReplayOfAPrefixIsInOrderOfRevisions) {
    Batch many;
    for (int i = 0; i < 5000; ++i) many.push_back(put(1, "event/x/" + std::to_string(i), ""));
    commit({put(1, "event/b/1", "1"), put(1, "event/a/1", "2"), put(0, "event/c/1", "3")});
    commit(many);
    commit({put(1, "event/a/2", "4"), put(1, "event/b/2", "5")});
    EXPECT_EQ(keys(engine_->after(1, "event/a/", 0, 100)), "2:event/a/1=2 5004:event/a/2=4 up to 5005");
    EXPECT_EQ(keys(engine_->after(1, "event/b/", 1, 100)), "5005:event/b/2=5 up to 5005");
    EXPECT_EQ(keys(engine_->after(1, "event/b/", 5000, 100)), "5005:event/b/2=5 up to 5005");
    EXPECT_EQ(keys(engine_->after(1, "event/", 0, 2)), "1:event/b/1=1 2:event/a/1=2 up to 2");
    EXPECT_EQ(keys(engine_->after(1, "event/c/", 0, 100)), "up to 5005");
    EXPECT_EQ(keys(engine_->after(1, "", 5003, 1)), "5004:event/a/2=4 up to 5004");
    EXPECT_EQ(keys(engine_->after(1, "event/a/", 9999, 1)), "up to 5005");
}

TEST_P(EngineTest, ALongReplayComesInSlicesThatMissNothing) {
    for (std::string part : {"a", "b", "a"}) {
        Batch many;
        for (int i = 0; i < 6000; ++i) many.push_back(put(1, "event/" + part + "/" + std::to_string(i), ""));
        commit(many);
    }
    for (const std::string prefix : {"event/a/", "event/b/", "event/", "event/a/59", "nothing"}) {
        std::vector<Entry> whole = engine_->after(1, 0, 100'000).value();
        std::erase_if(whole, [&](const Entry& entry) { return !entry.key.starts_with(prefix); });
        std::vector<Entry> all;
        for (std::uint64_t at = 0, slices = 0; at < engine_->head(1); ++slices) {
            const Slice slice = engine_->after(1, prefix, at, 500).value();
            ASSERT_GT(slice.through, at);
            ASSERT_LT(slices, 50U);
            all.insert(all.end(), slice.entries.begin(), slice.entries.end());
            at = slice.through;
        }
        EXPECT_EQ(all, whole) << prefix;
    }
}

TEST_P(EngineTest, ANewNumberingIsAboveTheOldOneAndKeepsEverything) {
    commit({put(0, "a", "1")});
    const std::string uuid = engine_->uuid();
    ASSERT_TRUE(engine_->renumber(1000));
    EXPECT_NE(engine_->uuid(), uuid);
    EXPECT_EQ(engine_->head(0), 1U);
    EXPECT_EQ(engine_->commit({put(0, "b", "2")}), 1001U);
    EXPECT_EQ(keys(engine_->after(0, 0, 100)), "1:a=1 1001:b=2 ");
    ASSERT_TRUE(engine_->renumber(5));
    EXPECT_EQ(engine_->commit({put(0, "c", "3")}), 1002U);
}

TEST_P(EngineTest, TrimmedTombstonesRaiseTheFloor) {
    commit({put(0, "a", ""), put(0, "b", ""), put(0, "c", ""), put(1, "d", "")});
    commit({erase("a"), erase("b"), erase("c"), erase("d")});
    ASSERT_TRUE(engine_->trim_tombstones(0, 1));
    EXPECT_EQ(keys(engine_->after(0, 0, 100)), "7:c- ");
    EXPECT_EQ(engine_->floor(0), 6U);
    EXPECT_EQ(keys(engine_->after(1, 0, 100)), "8:d- ");
    ASSERT_TRUE(engine_->trim_tombstones(0, 0));
    EXPECT_EQ(engine_->head(0), 7U);
    EXPECT_EQ(engine_->floor(0), 7U);
}

TEST_P(EngineTest, ValuesMayHoldAnyBytes) {
    std::string bytes(100'000, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
    commit({put(0, "big", bytes), put(0, "empty", "")});
    EXPECT_EQ(engine_->get("big").value()->value, bytes);
    EXPECT_EQ(engine_->get("empty").value()->value, "");
}

INSTANTIATE_TEST_SUITE_P(All, EngineTest, testing::Values("memory", "sqlite"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace drover::store
