#include "state-store/core/audit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "state-store/core/reports.hpp"
#include "state-store/core/requests.hpp"
#include "state-store/core/test_record.hpp"

namespace drover::store {
namespace {

using testing::HasSubstr;

class AuditTest : public testing::Test {
   protected:
    wire::Answer ask(wire::Request request) {
        request.by = "alice";
        Draft draft(record);
        const auto answer = answer_change(draft, request, "uid", kNow);
        EXPECT_TRUE(answer);
        record.commit(draft);
        return *answer;
    }
    wire::Answer submit(const std::string& id, const std::string& job = "web") {
        wire::Request request;
        request.id = id;
        request.ask = wire::Ask::job_submit;
        request.spec = test_job(job);
        return ask(request);
    }
    wire::Answer stop(const std::string& id, const std::string& job) {
        wire::Request request;
        request.id = id;
        request.ask = wire::Ask::job_stop;
        request.job = job;
        return ask(request);
    }
    wire::AuditPage page(std::uint64_t since = 0) const {
        wire::Request request;
        request.ask = wire::Ask::audit;
        request.since = since;
        return answer_audit(record, request).value().audit.value();
    }
    // "" when all is as it was written.
    std::string check(std::optional<wire::AuditMark> known = std::nullopt) const {
        const wire::AuditPage all = page();
        AuditCheck check(all.floor, std::move(known));
        for (const wire::AuditRecord& one : all.records)
            if (auto ok = check.next(one); !ok) return ok.error().message;
        const auto end = check.end(all.head);
        return end ? "" : end.error().message;
    }
    // Three records, of which the last was refused.
    void fill() {
        ASSERT_TRUE(submit("r1").ok);
        ASSERT_TRUE(stop("r2", "web").ok);
        ASSERT_FALSE(stop("r3", "nothing").ok);
        ASSERT_EQ(check(), "");
    }
    wire::AuditRecord at(std::uint64_t number) const { return record.get<wire::AuditRecord>(audit_key(number)); }

    TestRecord record;
};

TEST_F(AuditTest, SaysWhoAskedForWhatAndWhatCameOfIt) {
    fill();
    EXPECT_EQ(at(1).who, "alice");
    EXPECT_EQ(at(1).time, kNow);
    EXPECT_EQ(at(1).verb + " " + at(1).object + " " + at(1).detail, "job submit web version 1");
    EXPECT_TRUE(at(1).accepted);
    EXPECT_EQ(at(2).verb + " " + at(2).object, "job stop web");
    EXPECT_FALSE(at(3).accepted);
    EXPECT_THAT(at(3).error, HasSubstr("there is no job \"nothing\""));
}

TEST_F(AuditTest, HasARequestOnceHoweverOftenItIsHeard) {
    submit("r1");
    submit("r1");
    EXPECT_EQ(page().records.size(), 1U);
}

TEST_F(AuditTest, NeverHasTheValueOfAVariable) {
    wire::Request request;
    request.id = "r1";
    request.ask = wire::Ask::variable_put;
    request.variable.emplace();
    request.variable->path = "db/main";
    request.variable->items["password"].value = "hunter2";
    ASSERT_TRUE(ask(request).ok);
    EXPECT_EQ(at(1).object, "db/main");
    EXPECT_EQ(wire::encode(at(1)).find("hunter2"), std::string::npos);
}

TEST_F(AuditTest, HasTheBeginningAndTheEndOfEachCommandBesideATask) {
    wire::JobDesired job;
    job.spec = test_job("web");
    record.put("job/web", job);
    record.put("alloc/a1", test_alloc("a1", "web", 1));
    wire::AllocReport report;
    report.alloc = "a1";
    report.term = 1;
    for (const char* type : {"Exec Started", "Exec Ended"}) {
        report.events.push_back(test_event("web", "a1", "server", report.events.size() + 1));
        report.events.back().type = type;
        report.events.back().details = {{"user", "bob"}, {"command", "sh -c date"}};
    }
    Draft draft(record);
    ASSERT_TRUE(record_report(draft, report, 1));
    record.commit(draft);
    EXPECT_EQ(at(1).who + " " + at(1).verb + " " + at(1).object + " " + at(1).detail,
              "bob exec begin a1/server sh -c date");
    EXPECT_EQ(at(2).verb, "exec end");
    EXPECT_EQ(check(), "");
}

TEST_F(AuditTest, FindsEveryFieldThatWasChanged) {
    fill();
    const wire::AuditRecord was = at(2);
    const auto changed = [&](auto change) {
        wire::AuditRecord now = was;
        change(now);
        record.put(audit_key(2), now);
        return check();
    };
    EXPECT_THAT(changed([](auto& r) { r.time.ns += 1; }), HasSubstr("audit record 2 was changed"));
    EXPECT_THAT(changed([](auto& r) { r.who = "bob"; }), HasSubstr("audit record 2 was changed"));
    EXPECT_THAT(changed([](auto& r) { r.verb = "job purge"; }), HasSubstr("audit record 2 was changed"));
    EXPECT_THAT(changed([](auto& r) { r.object = "db"; }), HasSubstr("audit record 2 was changed"));
    EXPECT_THAT(changed([](auto& r) { r.detail = "x"; }), HasSubstr("audit record 2 was changed"));
    EXPECT_THAT(changed([](auto& r) { r.accepted = false; }), HasSubstr("audit record 2 was changed"));
    EXPECT_THAT(changed([](auto& r) { r.error = "x"; }), HasSubstr("audit record 2 was changed"));
    EXPECT_THAT(changed([](auto& r) { r.hash[0] = r.hash[0] == '0' ? '1' : '0'; }),
                HasSubstr("audit record 2 was changed"));
    // With a hash of its own that fits, the next one does not.
    EXPECT_THAT(changed([&](auto& r) {
                    r.who = "bob";
                    r.hash = chain_hash(r, at(1).hash);
                }),
                HasSubstr("audit record 3 was changed, or the one before it was"));
    EXPECT_EQ(changed([](auto&) {}), "");
}

TEST_F(AuditTest, FindsWhatWasRemovedAddedOrMoved) {
    fill();
    const TestRecord whole = record;
    record.values.erase(audit_key(2));
    EXPECT_THAT(check(), HasSubstr("audit record 2 is missing"));
    record = whole;
    record.values.erase(audit_key(1));
    EXPECT_THAT(check(), HasSubstr("audit record 1 is missing"));
    record = whole;
    record.values.erase(audit_key(3));
    EXPECT_THAT(check(), HasSubstr("audit record 3 is missing"));
    record = whole;
    std::swap(record.values[audit_key(1)].value, record.values[audit_key(2)].value);
    EXPECT_THAT(check(), HasSubstr("audit record 1 is missing: record 2 is next"));
    record = whole;
    wire::AuditRecord more = at(3);
    more.number = 4;
    more.hash = chain_hash(more, at(3).hash);
    AuditCheck added({}, std::nullopt);
    for (std::uint64_t n = 1; n <= 3; ++n) ASSERT_TRUE(added.next(at(n)));
    ASSERT_TRUE(added.next(more));
    EXPECT_THAT(added.end(page().head).error().message, HasSubstr("audit record 4 was added"));
}

TEST_F(AuditTest, MadeAnewFromTheBeginningIsFoundByAHashThatWasKeptElsewhere) {
    fill();
    const wire::AuditMark known{2, at(2).hash};
    EXPECT_EQ(check(known), "");
    TestRecord forged;
    std::swap(record, forged);
    submit("r1", "other");
    stop("r2", "other");
    stop("r3", "nothing");
    EXPECT_EQ(check(), "") << "the chain alone cannot tell";
    EXPECT_THAT(check(known), HasSubstr("audit record 2 is not what it was"));
    EXPECT_THAT(check(wire::AuditMark{9, known.hash}), HasSubstr("audit record 4 is missing, and all up to 9"));
}

TEST_F(AuditTest, StaysWholeWhenRetentionRemovesItsBeginning) {
    fill();
    Draft draft(record);
    ASSERT_TRUE(remove_audit(draft, TestLog(record, kAuditSpace), {.max_count = 2}, kNow, 100));
    record.commit(draft);
    EXPECT_EQ(page().floor.number, 1U);
    EXPECT_EQ(page().records.size(), 2U);
    EXPECT_EQ(check(), "");
    record.values.erase(audit_key(2));
    EXPECT_THAT(check(), HasSubstr("audit record 2 is missing"));
}

TEST_F(AuditTest, KeepsWhatIsNoTextFromBeingTwoThings) {
    Draft draft(record);
    wire::AuditRecord odd;
    odd.who = "J\xc3\xb6rg\n\xff\xc3" + std::string(5000, 'x');
    ASSERT_TRUE(append_audit(draft, odd));
    record.commit(draft);
    EXPECT_THAT(at(1).who, HasSubstr("J\xc3\xb6rg???x"));
    EXPECT_LE(at(1).who.size(), 1024U);
}

}  // namespace
}  // namespace drover::store
