#include "gateway/mirror.hpp"

#include <gtest/gtest.h>

#include "gateway/test_objects.hpp"

namespace drover::gateway {
namespace {

using test::put;

TEST(Mirror, JoinsWhatBelongsToAnAlloc) {
    Mirror mirror;
    const auto job = test::job("web");
    const auto alloc = test::alloc("4f1c000000000000", job);
    put(mirror, "job/web", job);
    put(mirror, "alloc/" + alloc.id, alloc);
    put(mirror, "status/" + alloc.id, test::status(alloc, wire::ClientStatus::running, wire::TaskState::running));
    put(mirror, "recorded/" + alloc.id, wire::AllocRecorded{});
    put(mirror, "members", test::members());
    ASSERT_EQ(mirror.allocs("web").size(), 1U);
    EXPECT_EQ(mirror.allocs("web")[0].status->status, wire::ClientStatus::running);
    EXPECT_EQ(mirror.allocs("web")[0].order, nullptr);
    EXPECT_EQ(mirror.allocs("other").size(), 0U);
    EXPECT_EQ(mirror.job("web")->version, 1U);
    EXPECT_EQ(mirror.members()->alloc_runners.size(), 1U);
    test::erase(mirror, "alloc/" + alloc.id);
    EXPECT_EQ(mirror.allocs().size(), 0U);
}

TEST(Mirror, FindsAllocsByPrefix) {
    Mirror mirror;
    for (const char* id : {"4f1c0", "4f1d0", "5000"}) {
        put(mirror, std::string("alloc/") + id, test::alloc(id, test::job("web")));
    }
    EXPECT_EQ(mirror.find_allocs("4f", 10).size(), 2U);
    EXPECT_EQ(mirror.find_allocs("4f", 1).size(), 1U);
    EXPECT_EQ(mirror.find_allocs("4f1d", 10).size(), 1U);
    EXPECT_EQ(mirror.find_allocs("6", 10).size(), 0U);
}

TEST(Mirror, StaysReadableWhileANewEpochIsHeardAndThenForgetsWhatThatDidNotName) {
    Mirror mirror;
    put(mirror, "job/old", test::job("old"));
    put(mirror, "job/both", test::job("both"));
    mirror.on_complete("store", "state");
    EXPECT_TRUE(mirror.ready());
    mirror.on_reset("store", "state");
    put(mirror, "job/both", test::job("both"));
    put(mirror, "job/new", test::job("new"));
    EXPECT_EQ(mirror.jobs().size(), 3U);
    mirror.on_complete("store", "state");
    EXPECT_EQ(mirror.jobs().size(), 2U);
    EXPECT_EQ(mirror.job("old"), nullptr);
    mirror.on_complete("store", "state");
    EXPECT_EQ(mirror.jobs().size(), 2U);
}

TEST(Mirror, ARecordThatCannotBeReadIsCountedAndChangesNothing) {
    Mirror mirror;
    put(mirror, "job/web", test::job("web"));
    wire::Record bad;
    bad.key = "job/web";
    bad.body = "garbage";
    mirror.on_record("store", "state", bad);
    EXPECT_EQ(mirror.refused(), 1U);
    EXPECT_NE(mirror.job("web"), nullptr);
}

}  // namespace
}  // namespace drover::gateway
