#include "state-store/core/requests.hpp"

#include <gtest/gtest.h>

#include "state-store/core/orders.hpp"
#include "state-store/core/test_record.hpp"

namespace drover::store {
namespace {

class RequestsTest : public testing::Test {
   protected:
    wire::Answer ask(const wire::Request& request, Instant now = kNow) {
        Draft draft(record);
        const auto answer = answer_change(draft, request, "uid-" + request.id, now);
        EXPECT_TRUE(answer);
        written = record.commit(draft);
        return answer.value_or(wire::Answer{});
    }
    static wire::Request submit(const std::string& id, const wire::JobSpec& spec) {
        wire::Request request;
        request.id = id;
        request.ask = wire::Ask::job_submit;
        request.spec = spec;
        return request;
    }
    static wire::Request on_alloc(const std::string& id, wire::Ask ask, const std::string& alloc,
                                  const std::string& task = "", const std::string& signal = "") {
        wire::Request request;
        request.id = id;
        request.ask = ask;
        request.alloc = alloc;
        request.task = task;
        request.signal = signal;
        return request;
    }
    static wire::Request stop_job(const std::string& id, const std::string& job) {
        wire::Request request;
        request.id = id;
        request.ask = wire::Ask::job_stop;
        request.job = job;
        return request;
    }
    void put_running(std::vector<wire::TaskState> states, wire::ClientStatus client = wire::ClientStatus::running) {
        record.put("alloc/a1", test_alloc("a1", "web", 1));
        wire::AllocStatus status;
        status.id = "a1";
        status.status = client;
        status.tasks.resize(2);
        status.tasks[0].name = "server";
        status.tasks[1].name = "sidecar";
        for (std::size_t i = 0; i < 2; ++i) status.tasks[i].state = states[i];
        record.put("status/a1", status);
    }
    wire::JobDesired job() const { return record.get<wire::JobDesired>("job/web"); }
    wire::AllocOrder order() const { return record.get<wire::AllocOrder>("order/a1"); }

    TestRecord record;
    std::string written;
};

TEST_F(RequestsTest, ASubmittedJobIsRecordedAsVersionOne) {
    const wire::Answer answer = ask(submit("r1", test_job("web")));
    EXPECT_TRUE(answer.ok) << answer.message;
    EXPECT_EQ(answer.index, 1U);
    EXPECT_EQ(job().spec, test_job("web"));
    EXPECT_EQ(job().uid, "uid-r1");
    EXPECT_EQ(job().submitted_at, kNow);
    EXPECT_FALSE(job().stopped);
}

TEST_F(RequestsTest, TheSameSpecAgainIsNoNewVersionAndAChangedOneIs) {
    ask(submit("r1", test_job("web")));
    EXPECT_EQ(ask(submit("r2", test_job("web"))).index, 1U);
    EXPECT_EQ(written, "done/r2 ");
    EXPECT_EQ(job().uid, "uid-r1");
    EXPECT_EQ(ask(submit("r3", test_job("web", {"other"}))).index, 2U);
    EXPECT_EQ(job().version, 2U);
}

TEST_F(RequestsTest, NoVersionGetsTheIdsOfAllocsThatThereWereBeforeAnOlderStateWasPutBack) {
    ask(submit("r1", test_job("web")));
    const wire::JobDesired copy = job();
    ask(submit("r2", test_job("web", {"other"})));
    const wire::JobDesired lost = job();
    record.put("job/web", copy);
    ask(submit("r3", test_job("web", {"another"})));
    EXPECT_EQ(job().version, lost.version);
    EXPECT_NE(job().uid, lost.uid);
}

TEST_F(RequestsTest, AStoppedJobIsRevivedAsANewVersion) {
    ask(submit("r1", test_job("web")));
    EXPECT_TRUE(ask(stop_job("r2", "web")).ok);
    EXPECT_TRUE(job().stopped);
    EXPECT_EQ(job().version, 1U);
    EXPECT_TRUE(ask(stop_job("r3", "web")).ok);
    EXPECT_EQ(ask(submit("r4", test_job("web"))).index, 2U);
    EXPECT_FALSE(job().stopped);
}

TEST_F(RequestsTest, OnlyASubmitTakesAPurgeBack) {
    ask(submit("r1", test_job("web")));
    wire::Request purge = stop_job("r2", "web");
    purge.purge = true;
    EXPECT_TRUE(ask(purge).ok);
    EXPECT_TRUE(job().purge);
    ask(stop_job("r3", "web"));
    EXPECT_TRUE(job().purge);
    EXPECT_EQ(ask(submit("r4", test_job("web"))).index, 2U);
    EXPECT_FALSE(job().purge);
    EXPECT_FALSE(job().stopped);
}

TEST_F(RequestsTest, OnlyASubmitTakesTheSkippedShutdownDelayBack) {
    ask(submit("r1", test_job("web")));
    wire::Request stop = stop_job("r2", "web");
    EXPECT_TRUE(ask(stop).ok);
    EXPECT_FALSE(job().no_shutdown_delay);
    stop.id = "r3";
    stop.no_shutdown_delay = true;
    EXPECT_TRUE(ask(stop).ok);
    ask(stop_job("r4", "web"));
    EXPECT_TRUE(job().no_shutdown_delay);
    ask(submit("r5", test_job("web")));
    EXPECT_FALSE(job().no_shutdown_delay);
}

TEST_F(RequestsTest, WorkThatWasDoneStaysDoneOnlyWhileItsGroupIsTheSame) {
    wire::JobSpec spec = test_job("web");
    ask(submit("r1", spec));
    wire::JobDesired done = job();
    done.completed["front"] = {0, 2};
    done.failed["front"] = {1};
    record.put("job/web", done);
    spec.groups[0].count = 5;
    ask(submit("r2", spec));
    EXPECT_EQ(job().completed, done.completed);
    EXPECT_EQ(job().failed, done.failed);
    spec.groups[0].tasks[0].env["A"] = "B";
    ask(submit("r3", spec));
    EXPECT_TRUE(job().completed.empty());
    EXPECT_TRUE(job().failed.empty());
    record.put("job/web", done);
    ask(stop_job("r4", "web"));
    EXPECT_TRUE(job().completed.empty());
}

TEST_F(RequestsTest, ANodeIsDrainedAndComesBackOnlyWhenItIsEnabled) {
    const auto on_node = [this](const std::string& id, bool eligible, bool drain, Duration deadline = {}) {
        wire::Request request;
        request.id = id;
        request.ask = wire::Ask::node_order;
        request.order = wire::NodeOrder{"n1", eligible, drain, {}};
        request.deadline = deadline;
        return ask(request);
    };
    EXPECT_EQ(on_node("r1", false, true).error_kind, "not_found");
    record.put("node/n1", wire::NodeStatus{});
    const auto known = [this] { return record.get<wire::NodeOrder>("nodeorder/n1"); };
    EXPECT_TRUE(on_node("r2", true, true, hours(1)).ok);
    EXPECT_EQ(known(), (wire::NodeOrder{"n1", false, true, kNow + hours(1)}));
    EXPECT_TRUE(on_node("r3", true, true).ok);
    EXPECT_EQ(known().deadline, kNever);
    EXPECT_EQ(on_node("r4", true, false).error_kind, "refused");
    EXPECT_TRUE(on_node("r5", false, false).ok);
    EXPECT_EQ(known(), (wire::NodeOrder{"n1", false, false, {}}));
    EXPECT_TRUE(on_node("r6", false, false).ok);
    EXPECT_EQ(written, "done/r6 ");
    EXPECT_TRUE(on_node("r7", true, false).ok);
    EXPECT_TRUE(known().eligible);
}

TEST_F(RequestsTest, ARequestIsAppliedOnceHoweverOftenItIsHeard) {
    ask(submit("r1", test_job("web")));
    ask(stop_job("r2", "web"));
    // The first one again: answered as before, and the job stays stopped.
    const wire::Answer again = ask(submit("r1", test_job("web")));
    EXPECT_TRUE(again.ok);
    EXPECT_EQ(again.index, 1U);
    EXPECT_TRUE(job().stopped);
    EXPECT_EQ(written, "");
}

TEST_F(RequestsTest, ARefusalIsRememberedToo) {
    EXPECT_EQ(ask(stop_job("r1", "web")).error_kind, "not_found");
    ask(submit("r2", test_job("web")));
    const wire::Answer again = ask(stop_job("r1", "web"));
    EXPECT_FALSE(again.ok);
    EXPECT_NE(again.message.find("no job \"web\""), std::string::npos);
    EXPECT_FALSE(job().stopped);
}

TEST_F(RequestsTest, AnInvalidJobIsRefusedWithASentence) {
    const wire::Answer answer = ask(submit("r1", test_job("we b")));
    EXPECT_FALSE(answer.ok);
    EXPECT_EQ(answer.error_kind, "invalid");
    EXPECT_EQ(written, "done/r1 ");
    wire::Request empty = submit("r2", test_job("web"));
    empty.spec.reset();
    EXPECT_EQ(ask(empty).error_kind, "invalid");
}

TEST_F(RequestsTest, AnAllocIsStoppedByItsOrder) {
    record.put("alloc/a1", test_alloc("a1", "web", 1));
    EXPECT_TRUE(ask(on_alloc("r1", wire::Ask::alloc_stop, "a1")).ok);
    EXPECT_TRUE(order().stop);
    EXPECT_EQ(order().alloc, "a1");
    EXPECT_TRUE(ask(on_alloc("r2", wire::Ask::alloc_stop, "a1")).ok);
    EXPECT_FALSE(order().no_shutdown_delay);
    wire::Request now = on_alloc("r4", wire::Ask::alloc_stop, "a1");
    now.no_shutdown_delay = true;
    EXPECT_TRUE(ask(now).ok);
    EXPECT_TRUE(order().no_shutdown_delay);
    // It ends now; a restart would be lost.
    EXPECT_EQ(ask(on_alloc("r3", wire::Ask::alloc_restart, "a1")).error_kind, "refused");
}

TEST_F(RequestsTest, ARestartCountsForOneTaskOrForAllThatRun) {
    put_running({wire::TaskState::running, wire::TaskState::running});
    EXPECT_TRUE(ask(on_alloc("r1", wire::Ask::alloc_restart, "a1", "server")).ok);
    EXPECT_TRUE(ask(on_alloc("r2", wire::Ask::alloc_restart, "a1")).ok);
    EXPECT_EQ(order().restarts, (std::map<std::string, std::uint64_t>{{"server", 2}, {"sidecar", 1}}));
    EXPECT_EQ(order().restart_all, 0U);
    const wire::Answer unknown = ask(on_alloc("r3", wire::Ask::alloc_restart, "a1", "web"));
    EXPECT_EQ(unknown.error_kind, "not_found");
    EXPECT_NE(unknown.message.find("it has server, sidecar"), std::string::npos) << unknown.message;
}

TEST_F(RequestsTest, ARestartThatSkipsTheShutdownDelayIsCountedForTheTasksThatItReaches) {
    put_running({wire::TaskState::running, wire::TaskState::pending});
    wire::Request restart = on_alloc("r1", wire::Ask::alloc_restart, "a1");
    restart.no_shutdown_delay = true;
    EXPECT_TRUE(ask(restart).ok);
    EXPECT_EQ(order().hurries, (std::map<std::string, std::uint64_t>{{"server", 1}}));
    restart.id = "r2";
    restart.all = true;
    EXPECT_TRUE(ask(restart).ok);
    EXPECT_TRUE(ask(on_alloc("r3", wire::Ask::alloc_restart, "a1")).ok);
    EXPECT_EQ(order().hurries, (std::map<std::string, std::uint64_t>{{"server", 2}, {"sidecar", 1}}));
    EXPECT_FALSE(order().no_shutdown_delay);
}

TEST_F(RequestsTest, ATaskThatDoesNotRunTakesNoSignal) {
    put_running({wire::TaskState::running, wire::TaskState::pending});
    const wire::Answer answer = ask(on_alloc("r1", wire::Ask::alloc_signal, "a1", "sidecar", "SIGHUP"));
    EXPECT_EQ(answer.error_kind, "refused");
    EXPECT_EQ(answer.message,
              "task \"sidecar\" of alloc \"a1\" is not running (pending); only a running task takes a signal");
    EXPECT_TRUE(ask(on_alloc("r2", wire::Ask::alloc_signal, "a1", "", "SIGHUP")).ok);
    EXPECT_EQ(order().signals, (std::vector<wire::SignalOrder>{{1, "server", "SIGHUP"}}));
    put_running({wire::TaskState::dead, wire::TaskState::pending});
    EXPECT_EQ(ask(on_alloc("r3", wire::Ask::alloc_signal, "a1", "", "SIGHUP")).message,
              "no task of alloc \"a1\" is running; only a running task takes a signal");
    EXPECT_EQ(ask(on_alloc("r4", wire::Ask::alloc_signal, "a1", "server", "SIGHUP")).error_kind, "refused");
    EXPECT_EQ(order().signals.size(), 1U);
}

TEST_F(RequestsTest, ATaskThatDoesNotRunIsNotRestarted) {
    put_running({wire::TaskState::running, wire::TaskState::dead});
    const wire::Answer answer = ask(on_alloc("r1", wire::Ask::alloc_restart, "a1", "sidecar"));
    EXPECT_EQ(answer.error_kind, "refused");
    EXPECT_NE(answer.message.find("is not running (dead)"), std::string::npos) << answer.message;
    EXPECT_TRUE(ask(on_alloc("r2", wire::Ask::alloc_restart, "a1")).ok);
    EXPECT_EQ(order().restarts, (std::map<std::string, std::uint64_t>{{"server", 1}}));
    put_running({wire::TaskState::pending, wire::TaskState::dead});
    EXPECT_NE(ask(on_alloc("r3", wire::Ask::alloc_restart, "a1")).message.find("no task of alloc"), std::string::npos);
}

TEST_F(RequestsTest, AWholeAllocIsRestartedEvenAfterItsEndButNotOnceItShouldStop) {
    put_running({wire::TaskState::dead, wire::TaskState::dead}, wire::ClientStatus::complete);
    wire::Request all = on_alloc("r1", wire::Ask::alloc_restart, "a1");
    EXPECT_EQ(ask(all).error_kind, "refused");
    all.id = "r2";
    all.all = true;
    EXPECT_TRUE(ask(all).ok);
    EXPECT_EQ(order().restart_all, 1U);
    EXPECT_TRUE(order().restarts.empty());
    all.id = "r3";
    all.task = "server";
    EXPECT_EQ(ask(all).error_kind, "invalid");
    wire::AllocDesired stopped = test_alloc("a1", "web", 1);
    stopped.desired = wire::Desired::stop;
    record.put("alloc/a1", stopped);
    all.id = "r4";
    all.task.clear();
    EXPECT_EQ(ask(all).error_kind, "refused");
    EXPECT_EQ(order().restart_all, 1U);
}

TEST_F(RequestsTest, SignalsAreNumberedAndTheLastOnesKept) {
    put_running({wire::TaskState::running, wire::TaskState::running});
    EXPECT_TRUE(ask(on_alloc("r1", wire::Ask::alloc_signal, "a1", "", "SIGHUP")).ok);
    EXPECT_EQ(order().signals, (std::vector<wire::SignalOrder>{{1, "server", "SIGHUP"}, {2, "sidecar", "SIGHUP"}}));
    for (int i = 0; i < 20; ++i) {
        ask(on_alloc("s" + std::to_string(i), wire::Ask::alloc_signal, "a1", "server", "SIGUSR1"));
    }
    EXPECT_EQ(order().signals.size(), kMaxSignals);
    EXPECT_EQ(order().signals.back().id, 22U);
    EXPECT_EQ(ask(on_alloc("r2", wire::Ask::alloc_signal, "a1", "", "HUP")).error_kind, "invalid");
    EXPECT_EQ(ask(on_alloc("r3", wire::Ask::alloc_signal, "a1", "web", "SIGHUP")).error_kind, "not_found");
}

TEST_F(RequestsTest, AnUnknownOrEndedAllocTakesNoOrders) {
    EXPECT_EQ(ask(on_alloc("r1", wire::Ask::alloc_stop, "a1")).error_kind, "not_found");
    record.put("alloc/a1", test_alloc("a1", "web", 1));
    wire::AllocStatus status;
    status.id = "a1";
    status.status = wire::ClientStatus::complete;
    record.put("status/a1", status);
    int i = 0;
    for (const wire::Ask verb : {wire::Ask::alloc_stop, wire::Ask::alloc_restart, wire::Ask::alloc_signal}) {
        const wire::Answer answer = ask(on_alloc("e" + std::to_string(++i), verb, "a1", "", "SIGHUP"));
        EXPECT_EQ(answer.error_kind, "refused");
        EXPECT_NE(answer.message.find("has ended (complete)"), std::string::npos) << answer.message;
    }
}

TEST_F(RequestsTest, RememberedAnswersAreForgottenByAgeAndByCount) {
    for (int i = 0; i < 6; ++i) {
        ask(stop_job("r" + std::to_string(i), "web"), kNow + minutes(i));
    }
    const TestLog log(record, kDoneSpace);
    const auto expired = [&](std::uint64_t count, Instant now, std::size_t limit = 100) {
        return expired_answers(log, {.max_count = count, .max_age = minutes(10)}, now, limit).value();
    };
    using Keys = std::vector<std::string>;
    EXPECT_EQ(expired(100, kNow + minutes(10)), Keys{});
    EXPECT_EQ(expired(100, kNow + minutes(12)), (Keys{"done/r0", "done/r1"}));
    EXPECT_EQ(expired(5, kNow + minutes(10)), Keys{"done/r0"});
    EXPECT_EQ(expired(0, kNow, 4).size(), 4U);
}

}  // namespace
}  // namespace drover::store
