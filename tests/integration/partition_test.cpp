// A node behind a network of its own that loses, delays and breaks: a network namespace, and a cable to it.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "integration/cluster.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

constexpr Duration kPatience = seconds(60);
constexpr Duration kCut = seconds(8);  // shorter than what makes allocs lost
constexpr int kShort = 20;

Outcome ip(const Words& words) {
    Words all = {"/sbin/ip"};
    all.insert(all.end(), words.begin(), words.end());
    return run(all, {}, seconds(10));
}

// A namespace, and a cable between it and this one; both are gone with the object.
class Wire {
   public:
    Wire()
        : name_("drover-" + std::to_string(::getpid())),
          here_("dr" + std::to_string(::getpid()) + "h"),
          there_("dr" + std::to_string(::getpid()) + "t") {
        remove_what_killed_tests_left();
        for (const Words& words :
             {Words{"netns", "add", name_}, Words{"link", "add", here_, "type", "veth", "peer", "name", there_},
              Words{"link", "set", there_, "netns", name_}, Words{"addr", "add", address(1) + "/30", "dev", here_},
              Words{"link", "set", here_, "up"}, Words{"-n", name_, "addr", "add", address(2) + "/30", "dev", there_},
              Words{"-n", name_, "link", "set", there_, "up"}, Words{"-n", name_, "link", "set", "lo", "up"}}) {
            const Outcome done = ip(words);
            if (done.code != 0) error_ += done.err;
        }
    }
    ~Wire() {
        ip({"netns", "del", name_});
        ip({"link", "del", here_});
    }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    const std::string& error() const { return error_; }

    void cut() { ip({"link", "set", here_, "down"}); }
    void mend() { ip({"link", "set", here_, "up"}); }

    // One packet in seven is lost in each direction, and all come late where the kernel can do that. What it does.
    std::string spoil() {
        const Words netem = {"qdisc", "add", "dev", here_, "root", "netem", "delay", "40ms", "20ms", "loss", "14%"};
        if (tc(netem) && tc_there({"qdisc", "add", "dev", there_, "root", "netem", "delay", "40ms", "loss", "14%"}))
            return "loss and delay";
        lose("-A");
        return "loss; this kernel has no netem, which delays";
    }
    void heal() {
        tc({"qdisc", "del", "dev", here_, "root"});
        tc_there({"qdisc", "del", "dev", there_, "root"});
        lose("-D");
    }

    Words enter() const { return {"/usr/bin/nsenter", "--net=/run/netns/" + name_}; }

    // 1: of this end, 2: of the other. Two tests at once must not be in each other's way.
    static std::string address(int end) {
        const int pid = ::getpid();
        return "10." + std::to_string(100 + pid / 250 % 100) + "." + std::to_string(pid % 250) + "." +
               std::to_string(end);
    }

   private:
    static void remove_what_killed_tests_left() {
        std::error_code none;
        for (const auto& entry : std::filesystem::directory_iterator("/run/netns", none)) {
            const std::string name = entry.path().filename();
            const std::string pid = name.substr(std::min(name.size(), std::string("drover-").size()));
            if (!name.starts_with("drover-") || std::filesystem::exists("/proc/" + pid)) continue;
            ip({"netns", "del", name});
            ip({"link", "del", "dr" + pid + "h"});
        }
    }
    static bool tc(const Words& words) {
        Words all = {"/sbin/tc"};
        all.insert(all.end(), words.begin(), words.end());
        return run(all, {}, seconds(10)).code == 0;
    }
    bool tc_there(const Words& words) const {
        Words all = enter();
        all.emplace_back("/sbin/tc");
        all.insert(all.end(), words.begin(), words.end());
        return run(all, {}, seconds(10)).code == 0;
    }
    void lose(const std::string& verb) const {
        for (const char* chain : {"INPUT", "OUTPUT"}) {
            Words all = enter();
            for (const char* word : {"/usr/sbin/iptables", verb.c_str(), chain, "-m", "statistic", "--mode", "random",
                                     "--probability", "0.14", "-j", "DROP"})
                all.emplace_back(word);
            const Outcome done = run(all, {}, seconds(10));
            EXPECT_TRUE(done.code == 0 || verb == "-D") << done.err;
        }
    }

    std::string name_, here_, there_;
    std::string error_;
};

class Partition : public testing::Test {
   protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "only root can make a network namespace";
        wire = std::make_unique<Wire>();
        ASSERT_EQ(wire->error(), "") << "root needs iproute2 and leave to make network namespaces";
        Layout layout;
        layout.voice = [](const Replica& replica) {
            const bool there = replica.service == Service::driver_manager;
            return "tcp://" + Wire::address(there ? 2 : 1) + ":" +
                   std::to_string(27'300 + static_cast<int>(replica.service));
        };
        layout.starter = [this](const Replica& replica) {
            return replica.service == Service::driver_manager ? wire->enter() : Words{};
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

    std::unique_ptr<Wire> wire;
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

    wire->cut();
    ASSERT_EQ(::kill(dies, SIGKILL), 0);
    EXPECT_EQ(cluster->drover({"job", "stop", "--detach", "stops"}).code, 0);
    const Instant cut_at = now();
    EXPECT_TRUE(eventually([&] { return node_state() != "ready"; }, kPatience)) << "nobody has noticed";
    eventually([&] { return now() - cut_at >= kCut; }, kPatience);
    EXPECT_TRUE(alive(stays));
    EXPECT_TRUE(alive(stops)) << "who could have told it?";

    wire->mend();
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
    const std::string how = wire->spoil();
    std::printf("the network has %s\n", how.c_str());
    cluster->submit("short", job("short", "batch", kShort, "exit 7"));
    EXPECT_TRUE(eventually([&] { return all_ended_with("short", "7"); }, kPatience)) << cluster->get("/v1/jobs/short");
    EXPECT_EQ(pid_of("stays"), stays);
    wire->heal();
    EXPECT_EQ(cluster->drover({"job", "stop", "stays"}).code, 0);
    EXPECT_FALSE(alive(stays));
}

}  // namespace
}  // namespace drover::integration
