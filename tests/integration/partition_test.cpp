// A node in a network of its own, behind a cable that is cut, and that loses, delays and reorders packets.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "integration/cable.hpp"
#include "integration/cluster.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

constexpr Duration kPatience = seconds(60);
constexpr Duration kCut = seconds(8);  // shorter than what makes allocs lost
constexpr int kShort = 20;

class Partition : public testing::Test {
   protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "only root can make a network namespace";
        cable = std::make_unique<Cable>();
        ASSERT_EQ(cable->error(), "") << "root needs iproute2, /dev/net/tun and leave to make network namespaces";
        Layout layout;
        layout.voice = [](const Replica& replica) {
            const bool there = replica.service == Service::driver_manager;
            return "tcp://" + Cable::address(there ? 2 : 1) + ":" +
                   std::to_string(27'300 + static_cast<int>(replica.service));
        };
        layout.starter = [this](const Replica& replica) {
            return replica.service == Service::driver_manager ? cable->enter() : Words{};
        };
        cluster = std::make_unique<Cluster>(layout);
        for (const Replica& replica : cluster->replicas()) cluster->start(replica);
        ASSERT_TRUE(eventually([&] { return cluster->healthy(); }, kPatience)) << cluster->logs();
    }

    static std::string job(const std::string& name, const char* type, int count, const std::string& script) {
        return "job: " + name + "\ntype: " + type + "\ngroups:\n  - name: group\n    count: " + std::to_string(count) +
               "\n    restart: { attempts: " + (std::string(type) == "batch" ? "0, mode: fail" : "100, delay: 100ms") +
               " }\n    tasks:\n      - name: task\n        driver: raw_exec\n" +
               "        config: { command: /bin/sh, args: [\"-c\", \"" + script + "\"] }\n";
    }
    pid_t pid_of(const std::string& name) const {
        const Json task = task_of(cluster->alloc(name), "task");
        return task.is_object() && task.value("state", "") == "running" ? task.value("pid", 0) : 0;
    }
    std::string node_state() const {
        const Json health = cluster->get("/v1/health");
        return health.is_object() && !health["nodes"].empty() ? health["nodes"][0].value("state", "") : "";
    }
    bool all_ended_with(const std::string& name, const std::string& code) const {
        const auto allocs = cluster->allocs(name);
        return allocs.size() == kShort && std::all_of(allocs.begin(), allocs.end(), [&](const Json& alloc) {
                   const Json task = task_of(cluster->get("/v1/allocs/" + alloc.value("id", "")), "task");
                   if (!task.is_object() || task.value("state", "") != "dead") return false;
                   const auto ended = [&](const Json& event) {
                       return event["type"] == "Terminated" && event["details"]["exit_code"] == code;
                   };
                   return std::count_if(task["events"].begin(), task["events"].end(), ended) == 1;
               });
    }

    std::unique_ptr<Cable> cable;
    std::unique_ptr<Cluster> cluster;
};

TEST_F(Partition, ANodeThatIsCutOffKeepsItsTasksAndTellsOfThemWhenItIsBack) {
    for (const char* name : {"stays", "dies", "stops"})
        cluster->submit(name, job(name, "service", 1, "exec sleep 1000"));
    ASSERT_TRUE(eventually([&] { return pid_of("stays") > 0 && pid_of("dies") > 0 && pid_of("stops") > 0; }, kPatience))
        << cluster->logs();
    const pid_t stays = pid_of("stays");
    const pid_t dies = pid_of("dies");
    const pid_t stops = pid_of("stops");

    cable->cut();
    ASSERT_EQ(::kill(dies, SIGKILL), 0);
    EXPECT_EQ(cluster->drover({"job", "stop", "--detach", "stops"}).code, 0);
    const Instant cut_at = now();
    EXPECT_TRUE(eventually([&] { return node_state() != "ready"; }, kPatience)) << "nobody has noticed";
    eventually([&] { return now() - cut_at >= kCut; }, kPatience);
    EXPECT_TRUE(alive(stays));
    EXPECT_TRUE(alive(stops)) << "who could have told it?";

    cable->mend();
    EXPECT_TRUE(eventually([&] { return node_state() == "ready"; }, kPatience)) << cluster->logs();
    EXPECT_TRUE(eventually([&] { return !alive(stops); }, kPatience));
    EXPECT_TRUE(eventually([&] { return pid_of("dies") > 0 && pid_of("dies") != dies; }, kPatience)) << cluster->logs();
    EXPECT_EQ(pid_of("stays"), stays);
    std::string code;
    const Json died = task_of(cluster->alloc("dies"), "task");
    for (const Json& event : died["events"])
        if (event["type"] == "Terminated") code += event["details"]["exit_code"].get<std::string>() + " ";
    EXPECT_EQ(code, "137 ");
}

TEST_F(Partition, ABadNetworkLosesNoTaskNoExitAndNoEvent) {
    cluster->submit("stays", job("stays", "service", 1, "exec sleep 1000"));
    ASSERT_TRUE(eventually([&] { return pid_of("stays") > 0; }, kPatience)) << cluster->logs();
    const pid_t stays = pid_of("stays");
    cable->set({.lost = 0.14, .delay = milliseconds(40), .jitter = milliseconds(40)});
    cluster->submit("short", job("short", "batch", kShort, "exit 7"));
    EXPECT_TRUE(eventually([&] { return all_ended_with("short", "7"); }, kPatience)) << cluster->get("/v1/jobs/short");
    EXPECT_EQ(pid_of("stays"), stays);
    EXPECT_GT(cable->lost(), 0U);
    std::printf("%llu packets, each 40 to 80 ms late, and %llu lost\n",
                static_cast<unsigned long long>(cable->passed()), static_cast<unsigned long long>(cable->lost()));
    cable->set({});
    EXPECT_EQ(cluster->drover({"job", "stop", "stays"}).code, 0);
    EXPECT_FALSE(alive(stays));
}

}  // namespace
}  // namespace drover::integration
