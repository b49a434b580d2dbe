#include "state-store/core/figures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "state-store/core/collect.hpp"
#include "state-store/core/jobs.hpp"
#include "state-store/core/reports.hpp"
#include "state-store/core/test_record.hpp"

namespace drover::store {
namespace {

using testing::HasSubstr;
using testing::Not;

class FiguresTest : public testing::Test {
   protected:
    void commit(const Draft& draft) {
        for (const Write& write : draft.writes()) figures.hear(write.key, write.value);
        record.commit(draft);
    }
    void submit(const std::vector<std::string>& tasks = {"server"}) {
        Draft draft(record);
        ASSERT_TRUE(submit_job(draft, test_job("web", tasks), "uid", kNow));
        commit(draft);
    }
    void place() {
        Draft draft(record);
        ASSERT_TRUE(record_proposal(draft, test_alloc("a1", "web", 1), 1, {}));
        commit(draft);
    }
    void report(const std::string& type, std::map<std::string, std::string> details = {}) {
        wire::AllocReport what;
        what.alloc = "a1";
        what.term = 1;
        what.events.push_back(test_event("web", "a1", "server", ++n));
        what.events.back().type = type;
        what.events.back().details = std::move(details);
        Draft draft(record);
        ASSERT_TRUE(record_report(draft, what, 1));
        commit(draft);
    }
    std::string page() const { return page_of(figures); }
    static std::string page_of(const Figures& of) {
        metrics::Page page;
        of.measure(page);
        return page.text();
    }

    TestRecord record;
    Figures figures;
    std::uint64_t n = 0;
};

const std::string kWho = "{job=\"web\",group=\"front\",task=\"server\"";

TEST_F(FiguresTest, CountAtZeroFromWhenAJobIsSubmitted) {
    submit();
    EXPECT_THAT(page(), HasSubstr("drover_task_starts_total" + kWho + "} 0\n"));
    EXPECT_THAT(page(), HasSubstr("drover_task_exits_total" + kWho + ",cause=\"oom\"} 0\n"));
    EXPECT_THAT(page(), HasSubstr("drover_tasks" + kWho + ",state=\"running\"} 0\n"));
    EXPECT_THAT(page(), HasSubstr("drover_allocs{job=\"web\",group=\"front\",state=\"lost\"} 0\n"));
}

TEST_F(FiguresTest, CountStartsRestartsAndEndsByTheirCause) {
    submit();
    place();
    report("Started");
    report("Terminated", {{"exit_code", "0"}, {"signal", "0"}, {"oom_killed", "false"}});
    report("Terminated", {{"exit_code", "3"}, {"signal", "0"}, {"oom_killed", "false"}});
    report("Terminated", {{"exit_code", "137"}, {"signal", "9"}, {"oom_killed", "false"}});
    report("Terminated", {{"exit_code", "137"}, {"signal", "9"}, {"oom_killed", "true"}});
    report("Terminated", {{"exit_code", "-1"}, {"signal", "0"}, {"oom_killed", "false"}});
    report("Restarting");
    report("Driver Failure");
    EXPECT_THAT(page(), HasSubstr("drover_task_starts_total" + kWho + "} 1\n"));
    EXPECT_THAT(page(), HasSubstr("drover_task_restarts_total" + kWho + "} 1\n"));
    EXPECT_THAT(page(), HasSubstr("drover_task_start_failures_total" + kWho + "} 1\n"));
    for (const char* cause : {"success", "failure", "signal", "oom", "unseen"})
        EXPECT_THAT(page(), HasSubstr("drover_task_exits_total" + kWho + ",cause=\"" + cause + "\"} 1\n"));
    EXPECT_THAT(page(), HasSubstr("drover_events_total{type=\"Terminated\"} 5\n"));
    EXPECT_THAT(page(), HasSubstr("drover_tasks" + kWho + ",state=\"pending\"} 1\n")) << "no status yet";
}

TEST_F(FiguresTest, TakeNoEndOfAnAllocThatIsToEndForAFailure) {
    submit();
    place();
    report("Started");
    Draft draft(record);
    wire::AllocDesired stop = test_alloc("a1", "web", 1);
    stop.desired = wire::Desired::stop;
    ASSERT_TRUE(record_proposal(draft, stop, 1, {}));
    commit(draft);
    report("Terminated", {{"exit_code", "143"}, {"signal", "15"}, {"oom_killed", "false"}});
    EXPECT_THAT(page(), HasSubstr("drover_task_exits_total" + kWho + ",cause=\"stopped\"} 1\n"));
    EXPECT_THAT(page(), HasSubstr("drover_task_exits_total" + kWho + ",cause=\"signal\"} 0\n"));
}

TEST_F(FiguresTest, GoOnWhereTheyWereWhenTheStoreIsStartedAgain) {
    submit();
    place();
    report("Started");
    report("Terminated", {{"exit_code", "0"}, {"signal", "0"}, {"oom_killed", "false"}});
    Figures again;
    for (const auto& [key, value] : record.values)
        for (const std::string& prefix : Figures::prefixes())
            if (key.starts_with(prefix)) again.hear(key, value.value);
    EXPECT_THAT(page_of(again), HasSubstr("drover_task_starts_total" + kWho + "} 1\n"));
    EXPECT_THAT(page_of(again), HasSubstr("drover_task_exits_total" + kWho + ",cause=\"success\"} 1\n"));
}

TEST_F(FiguresTest, GoOnWhenAJobIsSubmittedAgainAndForgetTasksItHasNoMore) {
    submit({"server", "sidecar"});
    place();
    report("Started");
    submit({"server"});
    EXPECT_THAT(page(), HasSubstr("drover_task_starts_total" + kWho + "} 1\n"));
    EXPECT_THAT(page(), Not(HasSubstr("starts_total{job=\"web\",group=\"front\",task=\"sidecar\"}")));
}

TEST_F(FiguresTest, OfAPurgedJobAreGone) {
    submit();
    Draft draft(record);
    ASSERT_TRUE(stop_job(draft, "web", true, false));
    commit(draft);
    Census census;
    for (const auto& [key, value] : record.values) census.hear(key, value.value);
    Draft removal(record);
    EXPECT_EQ(purge(removal, census, 10, kNow).size(), 1U);
    commit(removal);
    EXPECT_THAT(page(), Not(HasSubstr("\"web\"")));
    EXPECT_THAT(page(), HasSubstr("drover_jobs{state=\"wanted\"} 0\n"));
}

TEST(Tallies, AreReadAsTheyWereWritten) {
    Tallies tallies;
    tallies[{"front", "server"}] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    tallies[{"back", "worker"}] = {};
    EXPECT_EQ(read_tallies(tallies_text(tallies)), tallies);
    EXPECT_EQ(read_tallies("\n\nfront\n x\nfront server nonsense"), (Tallies{{{"front", "server"}, {}}}));
}

}  // namespace
}  // namespace drover::store
