// Taps that have stopped, under full load: they slow nobody down, and what they miss is counted.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "integration/cluster.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

constexpr int kTaps = 8;
constexpr int kTasks = 250;  // of one flood
constexpr int kRounds = 3;   // with stopped taps, and as many without
constexpr Duration kFlood = seconds(120);
// What stopped taps may cost is far from both: the same load takes a third longer or shorter on a shared machine
// anyhow.
constexpr double kMaterially = 1.5;
constexpr Duration kLatencySlack = milliseconds(50);
// A tap's queue has 1000 messages, of a few hundred bytes each.
constexpr std::int64_t kMaxGrowthKib = 64 << 10;

std::string flood_job(const std::string& name) {
    return "job: " + name + "\ntype: batch\ngroups:\n  - name: group\n    count: " + std::to_string(kTasks) +
           "\n    tasks:\n      - { name: task, driver: raw_exec, config: { command: /bin/true } }\n";
}

struct Measured {
    Duration took;     // from the submit until every task had ended
    Duration started;  // from "Received" to "Started", the median of all tasks
};

class StoppedTaps : public testing::Test {
   protected:
    // Nothing is removed meanwhile: that would fall into some rounds and not into others.
    StoppedTaps()
        : cluster(Layout{.environment = [] {
              return Words{"ASAN_OPTIONS=quarantine_size_mb=4", "DROVER_GC_INTERVAL=1h"};
          }}) {
        for (const Replica& replica : cluster.replicas()) cluster.start(replica);
        EXPECT_TRUE(eventually([this] { return cluster.healthy(); }, seconds(60))) << cluster.logs();
    }
    ~StoppedTaps() override { end_taps(); }

    std::string heard(int tap) const { return cluster.dir() + "/tap-" + std::to_string(tap); }
    void start_taps_and_stop_them() {
        for (int i = 0; i < kTaps; ++i) {
            std::ofstream(heard(i), std::ios::trunc);
            taps.push_back(spawn({std::string(DROVER_BIN) + "/drover", "tap", "-o", "json"},
                                 {"DROVER_DATA_DIR=" + cluster.dir()}, heard(i), heard(i) + ".err"));
        }
        for (int i = 0; i < kTaps; ++i) {
            ASSERT_TRUE(eventually([&] { return std::ifstream(heard(i)).peek() != EOF; }, seconds(30)));
            kill(taps[static_cast<std::size_t>(i)], SIGSTOP);
        }
    }
    void end_taps() {
        for (const pid_t tap : taps) {
            kill(tap, SIGKILL);
            waitpid(tap, nullptr, 0);
        }
        taps.clear();
    }

    Measured flood() {
        const std::string name = "flood-" + std::to_string(++floods);
        const Instant begun = now();
        cluster.submit(name, flood_job(name));
        EXPECT_TRUE(
            eventually([&] { return cluster.get("/v1/jobs/" + name).value("status", "") == "complete"; }, kFlood))
            << cluster.get("/v1/jobs/" + name) << cluster.logs();
        return {now() - begun, start_latency(name)};
    }
    Duration start_latency(const std::string& name) const {
        std::map<std::string, std::int64_t> received;
        std::vector<std::int64_t> waits;
        bool more = true;
        for (std::uint64_t next = 0; more;) {
            const Json page = cluster.get("/v1/events?follow=false&job=" + name + "&since=" + std::to_string(next));
            if (!page.is_object()) continue;
            for (const Json& event : page["events"]) {
                const std::int64_t at = event["time"];
                if (event["type"] == "Received") received[event["alloc"]] = at;
                if (event["type"] == "Started") waits.push_back(at - received[event["alloc"]]);
            }
            next = page["next"];
            more = page["more"];
        }
        EXPECT_EQ(waits.size(), static_cast<std::size_t>(kTasks));
        if (waits.empty()) return {};
        std::nth_element(waits.begin(), waits.begin() + static_cast<std::ptrdiff_t>(waits.size() / 2), waits.end());
        return {waits[waits.size() / 2]};
    }
    std::int64_t resident_kib(const Replica& replica) const {
        const std::string status = read_proc("/proc/" + std::to_string(cluster.pid(replica)) + "/status");
        const std::size_t at = status.find("VmRSS:");
        return at == std::string::npos ? 0 : std::stoll(status.substr(at + 6));
    }
    // The sum of what the tap has said to have missed.
    std::uint64_t missed(int tap) const {
        std::ifstream in(heard(tap));
        std::uint64_t sum = 0;
        for (std::string line; std::getline(in, line);) {
            const Json message = Json::parse(line, nullptr, false);
            if (message.is_object()) sum += message.value("missed", 0ULL);
        }
        return sum;
    }

    Cluster cluster;
    std::vector<pid_t> taps;
    int floods = 0;
};

TEST_F(StoppedTaps, SlowNobodyDownUnderFullLoadCostNoMemoryAndKnowWhatTheyMissed) {
    flood();  // Everything that grows once has grown.
    std::vector<Duration> took[2], started[2];
    std::map<Replica, std::int64_t> resident[2];
    for (int round = 0; round < kRounds; ++round) {
        for (const int stopped : {0, 1}) {
            if (stopped == 1) {
                ASSERT_NO_FATAL_FAILURE(start_taps_and_stop_them());
            }
            const Measured measured = flood();
            took[stopped].push_back(measured.took);
            started[stopped].push_back(measured.started);
            std::printf("%s stopped taps: %d tasks in %s, started within %s (median)\n", stopped ? "with" : "without",
                        kTasks, to_string(measured.took).c_str(), to_string(measured.started).c_str());
            for (const Replica& replica : cluster.replicas()) resident[stopped][replica] = resident_kib(replica);
            if (stopped == 1 && round + 1 < kRounds) end_taps();
        }
    }
    const auto best = [](const std::vector<Duration>& all) { return *std::min_element(all.begin(), all.end()); };
    EXPECT_LT(best(took[1]).ns, static_cast<std::int64_t>(kMaterially * static_cast<double>(best(took[0]).ns)));
    EXPECT_LT(best(started[1]).ns,
              static_cast<std::int64_t>(kMaterially * static_cast<double>(best(started[0]).ns)) + kLatencySlack.ns);
    for (const Replica& replica : cluster.replicas())
        EXPECT_LT(resident[1][replica], resident[0][replica] + kMaxGrowthKib) << replica.name();

    for (const pid_t tap : taps) kill(tap, SIGCONT);
    for (int i = 0; i < kTaps; ++i)
        EXPECT_TRUE(eventually([&] { return missed(i) > 0; }, seconds(60))) << "tap " << i << " does not know its loss";
}

}  // namespace
}  // namespace drover::integration
