#include "state-store/core/view.hpp"

#include <gtest/gtest.h>

#include "state-store/core/keys.hpp"
#include "state-store/core/test_record.hpp"
#include "state-store/core/validate.hpp"

namespace drover::store {
namespace {

TEST(Draft, LaterOperationsOfACommitSeeEarlierOnes) {
    TestRecord record;
    record.values["a"] = {1, "old"};
    Draft draft(record);
    EXPECT_EQ(draft.get("a").value(), "old");
    draft.put("a", "new");
    draft.put("b", "1");
    draft.forget("b");
    EXPECT_EQ(draft.get("a").value(), "new");
    EXPECT_EQ(draft.get("b").value(), std::nullopt);
    EXPECT_EQ(draft.writes(), (std::vector<Write>{{"a", "new"}, {"b", std::nullopt}}));
}

TEST(Draft, WritingWhatIsRecordedAlreadyIsNoChange) {
    TestRecord record;
    record.values["a"] = {1, "same"};
    Draft draft(record);
    draft.put("a", "same");
    EXPECT_EQ(draft.size(), 0U);
}

TEST(Draft, AKeyIsWrittenOnceWhereItWasLastChanged) {
    TestRecord record;
    Draft draft(record);
    draft.put("status", "1");
    draft.put("recorded", "1");
    draft.put("status", "2");
    EXPECT_EQ(draft.writes(), (std::vector<Write>{{"recorded", "1"}, {"status", "2"}}));
}

TEST(Draft, BytesOfAnotherVersionAreAnErrorAndNotAnAbsence) {
    TestRecord record;
    record.values["job/web"] = {1, "not msgpack"};
    const auto job = load<wire::JobDesired>(record, "job/web");
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().kind, ErrorKind::corrupt);
    EXPECT_NE(job.error().message.find("job/web"), std::string::npos);
}

TEST(Keys, EveryKeyBelongsToItsStreamAndKind) {
    EXPECT_EQ(space_of(job_key("web")), kStateSpace);
    EXPECT_EQ(space_of("members"), kStateSpace);
    EXPECT_EQ(space_of(event_key("web", "a", "t", 7)), kEventSpace);
    EXPECT_EQ(space_of(done_key("r1")), kDoneSpace);
    EXPECT_EQ(record_kind(job_key("web")), "JobDesired");
    EXPECT_EQ(record_kind(alloc_key("a")), "AllocDesired");
    EXPECT_EQ(record_kind(order_key("a")), "AllocOrder");
    EXPECT_EQ(record_kind(status_key("a")), "AllocStatus");
    EXPECT_EQ(record_kind(recorded_key("a")), "AllocRecorded");
    EXPECT_EQ(record_kind(node_key("n")), "NodeStatus");
    EXPECT_EQ(record_kind(kMembersKey), "Members");
    EXPECT_EQ(record_kind(event_key("web", "a", "t", 7)), "TaskEvent");
    EXPECT_EQ(record_key(event_key("web", "a", "t", 7)), "web/a/t");
    EXPECT_EQ(record_key(event_key("", "", "", 7)), "//");
    EXPECT_EQ(record_key(job_key("web")), "job/web");
    EXPECT_LT(event_key("web", "a", "t", 9), event_key("web", "a", "t", 10));
}

TEST(Validate, NamesBecomePathsSoTheyAreHeldToOneAlphabet) {
    for (const char* good : {"web", "a.b_c-D9", "..."}) EXPECT_TRUE(valid_name(good)) << good;
    for (const char* bad : {"", ".", "..", "a/b", "a b", "a\n", "\xc3\xa4"}) EXPECT_FALSE(valid_name(bad)) << bad;
    EXPECT_TRUE(valid_name(std::string(63, 'x')));
    EXPECT_FALSE(valid_name(std::string(64, 'x')));
}

TEST(Validate, AJobThatCannotWorkIsRefusedWithASentence) {
    const auto why = [](const wire::JobSpec& spec) {
        const auto ok = validate(spec);
        return ok ? std::string() : ok.error().message;
    };
    EXPECT_EQ(why(test_job("web")), "");
    EXPECT_NE(why(test_job("a/b")).find("job name"), std::string::npos);
    EXPECT_NE(why(test_job("web", {})).find("has no tasks"), std::string::npos);
    EXPECT_NE(why(test_job("web", {"x", "x"})).find("two tasks called \"x\""), std::string::npos);
    EXPECT_NE(why(test_job("web", {"alloc"})).find("must not be called"), std::string::npos);
    EXPECT_NE(why(test_job("web", {"a b"})).find("task name"), std::string::npos);
    wire::JobSpec spec = test_job("web");
    spec.groups.push_back(spec.groups[0]);
    EXPECT_NE(why(spec).find("two groups are called"), std::string::npos);
    spec.groups.clear();
    EXPECT_NE(why(spec).find("has no groups"), std::string::npos);
    spec = test_job("web");
    spec.groups[0].tasks[0].driver.clear();
    EXPECT_NE(why(spec).find("has no driver"), std::string::npos);
    spec = test_job("web");
    spec.groups[0].tasks[0].env["BIG"] = std::string(kMaxSpecBytes, 'x');
    EXPECT_NE(why(spec).find("bytes long"), std::string::npos);
}

}  // namespace
}  // namespace drover::store
