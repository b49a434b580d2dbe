// Services of two versions at work together, as in the middle of an upgrade, and of a way back: no task notices, and
// whoever is left commands what the other has started. The other version's programs are in DROVER_OTHER_BIN
// (tools/mixed_versions builds an earlier commit and sets it); without it they are those of this build, so that what is
// tested is that every service can be replaced under what runs.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "integration/cluster.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

constexpr Duration kPatience = seconds(30);

std::string other() {
    const char* programs = std::getenv("DROVER_OTHER_BIN");
    return programs ? programs : DROVER_BIN;
}

std::string document(const std::string& job) {
    return "job: " + job +
           "\ngroups:\n  - name: group\n    tasks:\n      - name: task\n        driver: raw_exec\n"
           "        config: {command: /bin/sleep, args: [\"3600\"]}\n";
}

class Mixed : public testing::Test {
   protected:
    // Each service in turn comes back as that of the other programs; in between, everything that runs is looked at, and
    // what the former mixture started is stopped by the present one.
    static void replace_in_turn(Cluster& cluster, const std::vector<Service>& order, const std::string& programs) {
        std::vector<std::string> jobs;
        const auto run = [&](const std::string& job) {
            cluster.submit(job, document(job));
            jobs.push_back(job);
            ASSERT_TRUE(eventually([&] { return pid_of(cluster, job) > 0; }, kPatience)) << cluster.logs();
        };
        run("stays");
        const pid_t stays = pid_of(cluster, "stays");
        run("before");
        for (const Service service : order) {
            SCOPED_TRACE(to_string(service));
            const std::string last = jobs.back();
            const pid_t pid = pid_of(cluster, last);
            cluster.kill(service);
            cluster.use(service, programs);
            cluster.start(service);
            ASSERT_TRUE(eventually([&] { return cluster.healthy(); }, kPatience)) << cluster.logs();
            EXPECT_TRUE(alive(stays));
            EXPECT_TRUE(alive(pid));
            EXPECT_EQ(pid_of(cluster, "stays"), stays) << "it is another process";
            EXPECT_EQ(pid_of(cluster, last), pid) << "it is another process";
            end(cluster, last, pid);
            run(std::string("after-") + to_string(service));
        }
        end(cluster, jobs.back(), pid_of(cluster, jobs.back()));
        end(cluster, "stays", stays);
    }

    static pid_t pid_of(const Cluster& cluster, const std::string& job) {
        const Json task = task_of(cluster.alloc(job), "task");
        return task.is_object() && task.value("state", "") == "running" ? task.value("pid", 0) : 0;
    }

    // Its end is recorded, once and as it was.
    static void end(Cluster& cluster, const std::string& job, pid_t pid) {
        const Outcome stop = cluster.drover({"job", "stop", "--detach", job});
        EXPECT_EQ(stop.code, 0) << stop.out << stop.err;
        const std::vector<std::string> history = {"Received", "Task Setup", "Started",
                                                  "Killing",  "Terminated", "Killed"};
        EXPECT_TRUE(eventually([&] { return event_types(cluster.alloc(job), "task") == history; }, kPatience))
            << job << testing::PrintToString(event_types(cluster.alloc(job), "task")) << cluster.logs();
        EXPECT_FALSE(alive(pid));
        EXPECT_EQ(task_of(cluster.alloc(job), "task")["exit"]["signal"], SIGINT);
    }

    static Programs all(const std::string& programs) {
        Programs result;
        for (const Service service : kServices) result[service] = programs;
        return result;
    }
};

TEST_F(Mixed, AnUpgradeServiceByServiceIsNoticedByNoTask) {
    Cluster cluster(all(other()));
    replace_in_turn(cluster, {Service::driver_manager, Service::state_store, Service::alloc_runner, Service::gateway},
                    DROVER_BIN);
}

// The store last: what a newer one has written an older one may refuse to read.
TEST_F(Mixed, TheWayBackIsNoticedByNoTask) {
    Cluster cluster;
    replace_in_turn(cluster, {Service::alloc_runner, Service::driver_manager, Service::gateway}, other());
}

TEST_F(Mixed, AnEarlierStoreServesTheOthers) {
    Cluster cluster(Programs{{Service::state_store, other()}});
    replace_in_turn(cluster, {Service::driver_manager, Service::alloc_runner}, DROVER_BIN);
}

}  // namespace
}  // namespace drover::integration
