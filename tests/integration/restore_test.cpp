// Whichever service was down, and whenever it was: each alloc is found in the state that it is in, with a history that
// tells all of it once, and stays in control. One cluster for the whole table, each combination one alloc in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "integration/cluster.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

namespace fs = std::filesystem;
using Types = std::vector<std::string>;

constexpr Duration kPatience = seconds(30);

// What is done to an alloc, which brings it into the state that is to be found again.
enum class Deed { run, exit, stop, stop_early, take_directory, damage_record };

struct State {
    const char* name;
    Deed deed;
    Types history;  // of the task, in the end
    const char* state;
};

const std::vector<State>& states() {
    static const std::vector<State> all = {
        {"running", Deed::run, {"Received", "Task Setup", "Started"}, "running"},
        {"exited", Deed::exit, {"Received", "Task Setup", "Started", "Terminated", "Not Restarting"}, "dead"},
        {"stopped", Deed::stop, {"Received", "Task Setup", "Started", "Killing", "Terminated", "Killed"}, "dead"},
        {"never-started", Deed::stop_early, {"Received", "Task Setup", "Killing"}, "dead"},
        {"directory-gone", Deed::take_directory, {"Received", "Task Setup", "Started", "Task hook message"}, "running"},
        {"corrupt-record", Deed::damage_record, {"Received", "Task Setup", "Started"}, "running"},
    };
    return all;
}

const char* const kMoments[] = {"before", "while", "after"};
constexpr Service kVictims[] = {Service::state_store, Service::alloc_runner, Service::driver_manager};

struct Combination {
    State state;
    std::string moment;
    std::string job;
    pid_t pid = 0;           // of the task, before the deed
    pid_t order = 0;         // the command line that carries out the deed
    std::string alloc = "";  // id

    bool in_setup() const { return state.deed == Deed::stop_early; }
    bool submitted_first() const { return state.deed != Deed::run; }
};

class Table {
   public:
    explicit Table(Cluster& cluster) : cluster_(cluster) {}

    // One phase: every state at every moment, with `victim` killed and started again in the midst.
    void go_through(Service victim) {
        const std::size_t first = all_.size();
        for (const char* moment : kMoments)
            for (const State& state : states())
                all_.push_back({state, moment, std::string(to_string(victim)) + "-" + state.name + "-" + moment});
        const auto each = [&](const auto& what) {
            for (std::size_t i = first; i < all_.size(); ++i) what(all_[i]);
        };
        each([&](Combination& one) {
            if (one.submitted_first()) one.order = submit(one);
        });
        each([&](Combination& one) {
            if (one.submitted_first()) await_beginning(one);
        });
        const auto do_at = [&](const std::string& moment) {
            each([&](Combination& one) {
                if (one.moment == moment) act(one);
            });
        };
        do_at("before");
        each([&](Combination& one) {
            if (one.moment == "before") await(one);
        });
        cluster_.kill(victim);
        do_at("while");
        cluster_.start(victim);
        ASSERT_TRUE(eventually([&] { return cluster_.healthy(); }, kPatience)) << to_string(victim);
        do_at("after");
        each([&](Combination& one) { await(one); });
    }

    // In the end, when everybody had every chance to say something twice.
    void expect_everything_in_its_state() {
        for (const Combination& one : all_) {
            SCOPED_TRACE(one.job);
            const bool there = eventually([&] { return types(one) == one.state.history; }, kPatience);
            EXPECT_TRUE(there) << testing::PrintToString(types(one));
            const Json task = task_of(cluster_.alloc(one.job), "task");
            ASSERT_TRUE(task.is_object());
            EXPECT_EQ(task["state"], one.state.state);
            EXPECT_EQ(cluster_.allocs(one.job).size(), 1U);
            if (one.state.deed == Deed::exit) {
                EXPECT_EQ(task["exit"]["code"], 7);
            }
            if (one.pid > 0) {
                EXPECT_EQ(alive(one.pid), task["state"] == "running");
            }
            if (one.pid > 0 && task["state"] == "running") {
                EXPECT_EQ(task["pid"], one.pid) << "it is another process";
            }
        }
    }

    // What runs can still be stopped, and tells its end.
    void end_what_runs() {
        for (Combination& one : all_)
            if (runs_in_the_end(one)) one.order = drover({"job", "stop", "--detach", one.job});
        for (Combination& one : all_) {
            if (!runs_in_the_end(one)) continue;
            SCOPED_TRACE(one.job);
            await_order(one);
            Types whole = one.state.history;
            whole.insert(whole.end(), {"Killing", "Terminated", "Killed"});
            EXPECT_TRUE(eventually([&] { return types(one) == whole; }, kPatience))
                << testing::PrintToString(types(one));
            const Json task = task_of(cluster_.alloc(one.job), "task");
            EXPECT_EQ(task["state"], "dead");
            EXPECT_EQ(task["exit"]["signal"], SIGINT) << task;
            if (one.pid > 0) {
                EXPECT_FALSE(alive(one.pid));
            }
        }
    }

   private:
    static bool runs_in_the_end(const Combination& one) { return std::string(one.state.state) == "running"; }

    Types types(const Combination& one) const { return event_types(cluster_.alloc(one.job), "task"); }

    std::string go_file(const Combination& one) const { return cluster_.dir() + "/go-" + one.job; }

    std::string document(const Combination& one) const {
        const std::string head = "job: " + one.job +
                                 "\ntype: batch\ngroups:\n  - name: group\n"
                                 "    restart: { attempts: 0, mode: fail }\n    tasks:\n      - name: task\n";
        if (one.in_setup())
            return head + "        driver: mock\n        config: { start_block_for: 600s, run_for: 600s }\n";
        if (one.state.deed != Deed::exit)
            return head + "        driver: raw_exec\n        config: { command: /bin/sleep, args: [\"100000\"] }\n";
        return head + "        driver: raw_exec\n        config: { command: /bin/sh, args: [\"-c\", \"while ! [ -e " +
               go_file(one) + " ]; do sleep 0.1; done; exit 7\"] }\n";
    }

    // Without waiting for it: with the state-store down it takes until that is back.
    pid_t drover(Words arguments) const {
        arguments.insert(arguments.begin(), std::string(DROVER_BIN) + "/drover");
        return spawn(arguments, {"DROVER_DATA_DIR=" + cluster_.dir(), "NO_COLOR=1"}, log(), log());
    }
    std::string log() const { return cluster_.dir() + "/orders.log"; }

    pid_t submit(const Combination& one) const {
        const std::string path = cluster_.dir() + "/" + one.job + ".yaml";
        std::ofstream(path) << document(one);
        return drover({"job", "run", "--detach", path});
    }

    void await_order(Combination& one) const {
        if (one.order == 0) return;
        std::ifstream said(log());
        EXPECT_EQ(reap(std::exchange(one.order, 0), kPatience), 0)
            << one.job << "\n"
            << std::string(std::istreambuf_iterator<char>(said), {});
    }

    void await_beginning(Combination& one) const {
        SCOPED_TRACE(one.job);
        await_order(one);
        const std::string last = one.in_setup() ? "Task Setup" : "Started";
        EXPECT_TRUE(eventually(
            [&] {
                const Types now = types(one);
                return !now.empty() && now.back() == last;
            },
            kPatience))
            << testing::PrintToString(types(one));
        const Json alloc = cluster_.alloc(one.job);
        if (!alloc.is_object()) return;
        one.alloc = alloc["id"];
        if (!one.in_setup()) one.pid = task_of(alloc, "task")["pid"];
    }

    void act(Combination& one) const {
        const std::string home = cluster_.dir() + "/driver-manager/";
        switch (one.state.deed) {
            case Deed::run: one.order = submit(one); return;
            case Deed::stop:
            case Deed::stop_early: one.order = drover({"job", "stop", "--detach", one.job}); return;
            case Deed::exit:
                std::ofstream(go_file(one)) << "go";
                // Its end is to come now, not later.
                EXPECT_TRUE(eventually([&] { return !alive(one.pid); }, kPatience)) << one.job;
                return;
            case Deed::take_directory:
                // Moved away rather than removed: its secrets may be mounted there.
                fs::rename(home + "allocs/" + one.alloc + "/task", cluster_.dir() + "/gone-" + one.job);
                return;
            case Deed::damage_record: {
                const std::string record = home + "tasks/" + one.alloc + "/task/1/status";
                const auto size = fs::file_size(record);
                std::fstream(record, std::ios::in | std::ios::out | std::ios::binary) << std::string(size, 'x');
                return;
            }
        }
    }

    // What takes the driver-manager a while to notice is looked at in the end.
    void await(Combination& one) const {
        SCOPED_TRACE(one.job);
        await_order(one);
        if (one.state.deed == Deed::take_directory) return;
        EXPECT_TRUE(eventually([&] { return types(one) == one.state.history; }, kPatience))
            << testing::PrintToString(types(one));
        if (one.state.deed == Deed::run && one.pid == 0) one.pid = task_of(cluster_.alloc(one.job), "task")["pid"];
    }

    Cluster& cluster_;
    std::vector<Combination> all_;
};

TEST(Restore, EveryStateBeforeWhileAndAfterEachServiceWasDownIsFoundAgain) {
    Cluster cluster;
    Table table(cluster);
    for (const Service victim : kVictims) {
        table.go_through(victim);
        if (HasFailure()) return;
    }
    table.expect_everything_in_its_state();
    table.end_what_runs();
}

TEST(Restore, WhatLiesInTheWayOfAnAllocIsSetAsideWithAWordAndHurtsNoOther) {
    Cluster cluster;
    cluster.submit("other",
                   "job: other\ngroups:\n  - name: group\n    tasks:\n      - name: task\n"
                   "        driver: raw_exec\n        config: { command: /bin/sleep, args: [\"100000\"] }\n");
    const auto pid = [&] {
        const Json task = task_of(cluster.alloc("other"), "task");
        return task.is_object() && task["state"] == "running" ? task["pid"].get<pid_t>() : 0;
    };
    ASSERT_TRUE(eventually([&] { return pid() > 0; }, kPatience));
    const pid_t before = pid();
    const std::string home = cluster.dir() + "/driver-manager/";
    cluster.kill(Service::driver_manager);
    for (const char* root : {"tasks/stray", "allocs/stray"}) std::ofstream(home + root) << "?";
    cluster.start(Service::driver_manager);
    ASSERT_TRUE(eventually([&] { return cluster.healthy(); }, kPatience));
    EXPECT_EQ(pid(), before);
    EXPECT_THAT(cluster.logs(), testing::HasSubstr("set aside what is no directory"));
    EXPECT_EQ(cluster.drover({"job", "stop", "other"}).code, 0);
    EXPECT_TRUE(eventually([&] { return !alive(before); }, kPatience));
}

}  // namespace
}  // namespace drover::integration
