// What a node has is promised once: whoever asks, however many at a time, and whoever is killed meanwhile.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "integration/cluster.hpp"

namespace drover::integration {
namespace {

constexpr Duration kPatience = seconds(60);
constexpr int kSubmitters = 8;
constexpr int kJobsEach = 4;
constexpr std::size_t kAtOnce = 4;  // that fit

std::string job_name(int submitter, int n) { return "j" + std::to_string(submitter) + "-" + std::to_string(n); }

// A quarter of the node, two ports and a device for half a second; says when it begins and ends.
std::string batch(const std::string& name, double cpu, const std::string& log) {
    std::ostringstream out;
    out << "job: " << name << "\ntype: batch\ngroups:\n  - name: g\n    ports: { http: {}, admin: {} }\n"
        << "    tasks:\n      - name: t\n        driver: raw_exec\n"
        << "        config: { command: /bin/sh, args: [\"-c\", \"echo begin " << name
        << " $NOMAD_PORT_http $NOMAD_PORT_admin gpu$MOCK_VISIBLE_DEVICES >> " << log << "; sleep 0.5; echo end " << name
        << " >> " << log << "\"] }\n"
        << "        resources: { cpu: " << cpu << ", devices: { mock/gpu: 1 } }\n";
    return out.str();
}

class Room : public testing::Test {
   protected:
    Room() : cluster_(layout()) {
        for (const Replica& replica : cluster_.replicas()) cluster_.start(replica);
        EXPECT_TRUE(eventually([this] { return cluster_.healthy() && node().is_object(); }, kPatience))
            << cluster_.logs();
    }

    static Layout layout() {
        Layout layout;
        layout.alloc_runners = 2;
        layout.environment = [] {
            return Words{
                "DROVER_DYNAMIC_PORTS=23100-23115",
                "DROVER_MOCK_DEVICES=mock/gpu/toy/1,mock/gpu/toy/2,mock/gpu/toy/3,mock/gpu/toy/4,mock/gpu/toy/5"};
        };
        return layout;
    }

    Json node() {
        const Json nodes = cluster_.get("/v1/nodes");
        return nodes.is_object() && !nodes["nodes"].empty() ? nodes["nodes"][0] : Json();
    }

    bool shows(const std::string& job, const std::string& text) {
        return eventually(
            [&] {
                const Json alloc = cluster_.alloc(job);
                if (!alloc.is_object()) return false;
                const Outcome shown = cluster_.drover({"alloc", "status", alloc["id"].get<std::string>()});
                return shown.out.find(text) != std::string::npos;
            },
            kPatience);
    }

    Cluster cluster_;
};

TEST_F(Room, NothingIsOversoldOrDoubledUnderEightParallelSubmittersWhileServicesAreKilled) {
    const std::string log = cluster_.dir() + "/log";
    const double cpu = node()["cpu"].get<double>() / static_cast<double>(kAtOnce);
    std::vector<std::thread> submitters;
    for (int i = 0; i < kSubmitters; ++i)
        submitters.emplace_back([this, i, cpu, &log] {
            for (int n = 0; n < kJobsEach; ++n) cluster_.submit(job_name(i, n), batch(job_name(i, n), cpu, log));
        });
    for (std::thread& submitter : submitters) submitter.join();
    for (const Replica& victim :
         {Replica(Service::driver_manager), Replica(Service::alloc_runner, 1), Replica(Service::driver_manager)}) {
        cluster_.kill(victim);
        cluster_.start(victim);
        EXPECT_TRUE(eventually([&] { return cluster_.ready(victim); }, kPatience));
    }
    EXPECT_TRUE(eventually(
        [this] {
            for (int i = 0; i < kSubmitters; ++i)
                for (int n = 0; n < kJobsEach; ++n) {
                    const Json alloc = cluster_.alloc(job_name(i, n));
                    if (!alloc.is_object() || alloc["status"] != "complete") return false;
                }
            return true;
        },
        seconds(120)))
        << cluster_.logs();

    std::ifstream lines(log);
    std::map<std::string, std::set<std::string>> running;  // job -> what it has
    std::set<std::string> begun;
    std::size_t most = 0;
    for (std::string word, name; lines >> word >> name;) {
        if (word == "end") {
            running.erase(name);
            continue;
        }
        std::string http, admin, gpu;
        lines >> http >> admin >> gpu;
        EXPECT_TRUE(begun.insert(name).second) << name << " ran twice";
        for (const auto& [other, has] : running)
            for (const std::string& mine : {http, admin, gpu})
                EXPECT_FALSE(has.contains(mine)) << mine << " is promised to " << name << " and " << other;
        running[name] = {http, admin, gpu};
        EXPECT_EQ(running[name].size(), 3u) << http << " " << admin << " " << gpu;
        most = std::max(most, running.size());
        EXPECT_LE(running.size(), kAtOnce);
    }
    EXPECT_EQ(begun.size(), static_cast<std::size_t>(kSubmitters * kJobsEach));
    EXPECT_EQ(most, kAtOnce) << "there was room for so many";
}

TEST_F(Room, APortThatSomebodyElseUsesIsWaitedForAndItsHolderIsNamed) {
    UniqueFd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(other.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(other.get(), 1), 0);
    socklen_t size = sizeof address;
    ASSERT_EQ(::getsockname(other.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const std::string port = std::to_string(ntohs(address.sin_port));
    cluster_.submit("web", "job: web\ngroups:\n  - name: g\n    ports: { http: { static: " + port +
                               " } }\n    tasks:\n      - name: t\n        driver: raw_exec\n"
                               "        config: { command: /usr/bin/python3, args: [\"-m\", \"http.server\", "
                               "\"${NOMAD_PORT_http}\"] }\n        ready: { port: http }\n");
    EXPECT_TRUE(shows("web", "port " + port + " is in use by PID " + std::to_string(::getpid()) + " (drover_room_tes)"))
        << cluster_.logs();
    other.reset();
    EXPECT_TRUE(shows("web", "Ports    http "));
}

}  // namespace
}  // namespace drover::integration
