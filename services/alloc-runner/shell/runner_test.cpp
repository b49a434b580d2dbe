#include "alloc-runner/shell/runner.hpp"

#include <gtest/gtest.h>

#include "bus/sim_transport.hpp"
#include "rt/sim_loop.hpp"
#include "wire/codec.hpp"

namespace drover::alloc_runner {
namespace {

using wire::RunPhase;
using wire::Verb;

// Keeps the newest record of every key of what it follows.
class Listener : public bus::Follower {
   public:
    void on_reset(const std::string&, const std::string& stream) override { records_[stream].clear(); }
    void on_record(const std::string&, const std::string& stream, const wire::Record& record) override {
        if (record.erased)
            records_[stream].erase(record.key);
        else
            records_[stream][record.key] = record.body;
    }
    void on_complete(const std::string&, const std::string&) override {}

    template <class T>
    std::optional<T> find(const std::string& stream, const std::string& key) {
        const auto body = records_[stream].find(key);
        if (body == records_[stream].end()) return std::nullopt;
        return wire::decode<T>(body->second).value();
    }
    template <class T>
    std::vector<T> all(const std::string& stream, const std::string& prefix) {
        std::vector<T> result;
        for (const auto& [key, body] : records_[stream])
            if (key.starts_with(prefix)) result.push_back(wire::decode<T>(body).value());
        return result;
    }

   private:
    std::map<std::string, std::map<std::string, std::string>> records_;
};

// Another process, as the test plays it: speaks in one stream, hears everything of the alloc-runner.
struct Other {
    Other(rt::Loop& loop, bus::SimNetwork& network, bus::Exchange::Identity self, std::string stream_name,
          std::uint64_t epoch)
        : transport(network.join()),
          exchange(loop, *transport, std::move(self)),
          stream(std::move(stream_name)),
          feed(epoch) {
        exchange.offer(stream, feed);
        exchange.follow("report/", heard);
        exchange.follow("task/command/", heard);
    }
    template <class T>
    void say(const std::string& key, const T& message) {
        feed.put(key, T::kName, wire::encode(message));
        exchange.changed(stream);
    }
    std::unique_ptr<bus::Transport> transport;
    bus::Exchange exchange;
    std::string stream;
    bus::KeyedFeed feed;
    Listener heard;
};

// One alloc-runner between a store and a node, on a lossy network under virtual time.
class RunnerTest : public testing::Test {
   protected:
    RunnerTest() {
        network_.set_faults({.loss = 0.1, .duplication = 0.1, .delay_max = milliseconds(5)});
        start_store();
        start_node();
        start();
    }

    struct Process {
        Process(rt::Loop& loop, bus::SimNetwork& network, const std::string& boot)
            : transport(network.join()),
              exchange(loop, *transport, {"ar-0", "alloc-runner", boot}),
              runner(loop, exchange, rules(boot)) {}
        static BrainRules rules(const std::string& boot) {
            BrainRules rules;
            rules.id = "ar-0";
            rules.boot = boot;
            return rules;
        }
        std::unique_ptr<bus::Transport> transport;
        bus::Exchange exchange;
        Runner runner;
    };

    void start() {
        process_.reset();
        process_ = std::make_unique<Process>(loop_, network_, "b" + std::to_string(++boots_));
    }

    void start_store() {
        store_.reset();
        store_ = std::make_unique<Other>(
            loop_, network_, bus::Exchange::Identity{"store-0", "state-store", "s" + std::to_string(++boots_)}, "state",
            boots_);
    }

    void start_node() {
        node_.reset();
        node_ = std::make_unique<Other>(loop_, network_,
                                        bus::Exchange::Identity{"n1", "driver-manager", "n" + std::to_string(++boots_)},
                                        "task/observed/n1", boots_);
    }

    // The store makes this process a member, knows the node and has a job.
    void grant() {
        wire::Members members;
        members.generation = ++term_;
        members.alloc_runners = {{"ar-0", "b" + std::to_string(boots_)}};
        store_->say("members", members);
        wire::NodeStatus node;
        node.node.id = "n1";
        node.node.drivers["mock"] = {true, true, ""};
        store_->say("node/n1", node);
    }

    void submit() {
        job_.spec.name = "web";
        job_.uid = "uid";
        job_.version = 1;
        wire::GroupSpec group;
        group.name = "front";
        wire::TaskSpec task;
        task.name = "server";
        task.driver = "mock";
        group.tasks.push_back(task);
        job_.spec.groups.push_back(group);
        store_->say("job/web", job_);
    }

    // Plays the store: records what is proposed and reported, until `done`.
    bool soon(const std::function<bool()>& done) {
        return loop_.run_until(
            [&] {
                for (const auto& alloc : store_->heard.all<wire::AllocDesired>("report/ar-0", "alloc/"))
                    store_->say("alloc/" + alloc.id, alloc);
                for (const auto& report : store_->heard.all<wire::AllocReport>("report/ar-0", "report/"))
                    if (report.term == term_) record(report);
                return done();
            },
            seconds(60));
    }

    void record(const wire::AllocReport& report) {
        for (const wire::TaskEvent& event : report.events)
            if (event.n > events_.size()) events_.push_back(event);
        if (report.status) store_->say("status/" + report.alloc, *report.status);
        status_ = report.status;
    }

    std::optional<wire::TaskCommand> command() {
        const auto all = node_->heard.all<wire::TaskCommand>("task/command/n1", "");
        if (all.empty()) return std::nullopt;
        return all.front();
    }

    // The node obeys: acknowledges the term and shows incarnation `seq` in this phase.
    void show(std::uint64_t seq, RunPhase phase, std::int32_t code = 0) {
        wire::TaskObserved observed;
        observed.alloc = command()->alloc;
        observed.task = command()->task;
        observed.term = command()->term;
        observed.incarnations.resize(1);
        observed.incarnations[0].seq = seq;
        observed.incarnations[0].phase = phase;
        observed.incarnations[0].exit.code = code;
        observed_ = observed;
        node_->say(observed.alloc + "/" + observed.task, observed);
    }

    bool soon_commanded(Verb verb, std::uint64_t seq) {
        return soon([&] {
            const auto now = command();
            return now && now->verb == verb && now->seq == seq && now->term == term_;
        });
    }
    bool soon_recorded(wire::ClientStatus status) {
        return soon([&] { return status_ && status_->status == status; });
    }

    void run_server() {
        grant();
        submit();
        ASSERT_TRUE(soon_commanded(Verb::run, 1));
        show(1, RunPhase::running);
        ASSERT_TRUE(soon_recorded(wire::ClientStatus::running));
    }

    rt::SimLoop loop_;
    bus::SimNetwork network_{loop_, 7};
    std::uint64_t boots_ = 0;
    std::uint64_t term_ = 0;
    std::unique_ptr<Other> store_;
    std::unique_ptr<Other> node_;
    std::unique_ptr<Process> process_;
    wire::JobDesired job_;
    wire::TaskObserved observed_;  // as shown last
    std::optional<wire::AllocStatus> status_;
    std::vector<wire::TaskEvent> events_;
};

TEST_F(RunnerTest, TurnsAJobIntoARunningTask) {
    run_server();
    ASSERT_EQ(events_.size(), 3u);
    EXPECT_EQ(events_[0].type, "Received");
    EXPECT_EQ(events_[1].type, "Task Setup");
    EXPECT_EQ(events_[2].type, "Started");
}

TEST_F(RunnerTest, StopsReportingWhatTheStoreHas) {
    run_server();
    EXPECT_TRUE(soon([&] { return store_->heard.all<wire::AllocReport>("report/ar-0", "").empty(); }));
}

TEST_F(RunnerTest, RestartsAfterTheDelayOnItsOwn) {
    run_server();
    show(1, RunPhase::exited, 1);
    EXPECT_TRUE(soon_commanded(Verb::run, 2));
}

TEST_F(RunnerTest, ReleasesARecordedEnd) {
    run_server();
    show(1, RunPhase::exited, 1);
    EXPECT_TRUE(soon([&] { return command() && command()->released == 1; }));
}

TEST_F(RunnerTest, ContinuesAfterItsOwnDeath) {
    run_server();
    start();
    show(1, RunPhase::running);
    grant();
    ASSERT_TRUE(soon_commanded(Verb::run, 1));
    show(1, RunPhase::exited, 3);
    ASSERT_TRUE(soon([&] { return events_.size() >= 5; }));
    EXPECT_EQ(events_[3].message, "Exit Code: 3");
    EXPECT_EQ(events_[4].type, "Restarting");
}

TEST_F(RunnerTest, StopsAJob) {
    run_server();
    job_.stopped = true;
    store_->say("job/web", job_);
    ASSERT_TRUE(soon_commanded(Verb::stop, 1));
    show(1, RunPhase::exited, 130);
    EXPECT_TRUE(soon_recorded(wire::ClientStatus::complete));
    EXPECT_EQ(events_.back().type, "Killed");
}

TEST_F(RunnerTest, GoesOnWhileTheNodesDriverManagerIsAway) {
    run_server();
    const auto before = command();
    node_.reset();
    loop_.run_for(seconds(60));
    EXPECT_EQ(status_->status, wire::ClientStatus::running);
    EXPECT_EQ(events_.size(), 3u);
    start_node();
    node_->say(observed_.alloc + "/" + observed_.task, observed_);
    ASSERT_TRUE(soon([&] { return command().has_value(); })) << "a new driver-manager hears what is wanted";
    EXPECT_EQ(command(), before);
}

TEST_F(RunnerTest, SaysNothingUnderALeaseThatIsNotItsOwn) {
    wire::Members members;
    members.generation = 1;
    members.alloc_runners = {{"ar-0", "an earlier boot"}};
    store_->say("members", members);
    submit();
    loop_.run_for(seconds(10));
    EXPECT_TRUE(store_->heard.all<wire::AllocDesired>("report/ar-0", "").empty());
}

}  // namespace
}  // namespace drover::alloc_runner
