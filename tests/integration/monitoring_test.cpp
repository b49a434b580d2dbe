// Metrics as Prometheus and an operator see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <fstream>
#include <map>

#include "integration/cluster.hpp"
#include "integration/http.hpp"

namespace drover::integration {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kPromtool = "/usr/bin/promtool";

const std::string kFlaps = R"(
job: flaps
type: batch
groups:
  - name: front
    restart: { attempts: 2, delay: 100ms, mode: fail }
    tasks:
      - { name: server, driver: raw_exec, config: { command: /bin/sh, args: ["-c", "echo hello; exit 3"] } }
)";

const std::string kStays = R"(
job: stays
groups:
  - name: front
    tasks:
      - { name: server, driver: raw_exec, config: { command: /bin/sh, args: ["-c", "while :; do :; done"] } }
)";

class Metrics : public testing::Test {
   protected:
    Metrics() : cluster({.environment = [] { return Words{"DROVER_METRICS=127.0.0.1:0"}; }}) {
        for (const Replica& replica : cluster.replicas()) cluster.start(replica);
        EXPECT_TRUE(eventually([this] { return cluster.healthy(); }, seconds(30))) << cluster.logs();
    }

    std::string address(Service service) const {
        std::ifstream in(cluster.dir() + "/run/drover-" + to_string(service) + ".metrics");
        std::string line;
        std::getline(in, line);
        return line;
    }
    std::string page(Service service) const { return http_get(address(service), "/metrics", "", seconds(10)); }

    // Of the series; -1 when it is not there.
    double value(Service service, const std::string& series) const {
        const std::string text = "\n" + page(service);
        const std::size_t at = text.find("\n" + series + " ");
        double value = -1;
        if (at == std::string::npos) return value;
        const char* const begin = text.data() + at + series.size() + 2;
        std::from_chars(begin, text.data() + text.size(), value);
        return value;
    }
    bool reaches(Service service, const std::string& series, double wanted) const {
        return eventually([&] { return value(service, series) == wanted; }, seconds(30));
    }
    bool ends(const std::string& job) const {
        return eventually(
            [&] {
                const Json alloc = cluster.alloc(job);
                return alloc.is_object() && alloc["status"] == "failed";
            },
            seconds(30));
    }

    Cluster cluster;
};

const std::string kFlapping = "{job=\"flaps\",group=\"front\",task=\"server\"";
const std::string kStaying = "{job=\"stays\",group=\"front\",task=\"server\"";

TEST_F(Metrics, OfEveryServiceAreCleanForPromtool) {
    cluster.submit("flaps", kFlaps);
    cluster.submit("stays", kStays);
    ASSERT_TRUE(ends("flaps")) << cluster.logs();
    ASSERT_TRUE(eventually(
        [&] { return value(Service::driver_manager, "drover_task_memory_bytes" + kStaying + "}") > 0; }, seconds(30)));
    for (const Service service : kServices) {
        const std::string file = cluster.dir() + "/" + to_string(service) + ".prom";
        std::ofstream(file) << page(service);
        const Outcome checked = run({"/bin/sh", "-c", std::string(kPromtool) + " check metrics <" + file}, {});
        EXPECT_EQ(checked.code, 0) << to_string(service) << "\n" << checked.out << checked.err << page(service);
        EXPECT_EQ(checked.out + checked.err, "") << to_string(service);
        EXPECT_THAT(page(service),
                    HasSubstr("drover_service_info{service=\"" + std::string(to_string(service)) + "\""));
        EXPECT_THAT(page(service), HasSubstr("\ndrover_bus_gaps_total "));
        EXPECT_THAT(http_get(address(service), "/healthz"), HasSubstr("true"));
    }
    EXPECT_EQ(run({kPromtool, "check", "rules", std::string(DROVER_SOURCE) + "/deploy/monitoring/alerts.yml"}, {}).code,
              0);
}

TEST_F(Metrics, OfTasksAreThereFromTheBeginningGoOnOverKillsAndGoWithTheirJob) {
    cluster.submit("flaps", kFlaps);
    ASSERT_TRUE(ends("flaps")) << cluster.logs();
    const std::string starts = "drover_task_starts_total" + kFlapping + "}";
    const std::string failures = "drover_task_exits_total" + kFlapping + ",cause=\"failure\"}";
    ASSERT_TRUE(reaches(Service::state_store, failures, 3)) << page(Service::state_store);
    EXPECT_EQ(value(Service::state_store, starts), 3);
    EXPECT_EQ(value(Service::state_store, "drover_task_restarts_total" + kFlapping + "}"), 2);
    EXPECT_EQ(value(Service::state_store, "drover_task_exits_total" + kFlapping + ",cause=\"oom\"}"), 0);
    EXPECT_EQ(value(Service::state_store, "drover_tasks" + kFlapping + ",state=\"dead\"}"), 1);
    for (const Service service : kServices) {
        cluster.kill(service);
        cluster.start(service);
    }
    ASSERT_TRUE(eventually([&] { return cluster.healthy(); }, seconds(30))) << cluster.logs();
    EXPECT_EQ(value(Service::state_store, failures), 3);
    EXPECT_EQ(value(Service::state_store, starts), 3);
    EXPECT_EQ(cluster.drover({"job", "stop", "--purge", "flaps"}).code, 0);
    EXPECT_TRUE(
        eventually([&] { return page(Service::state_store).find("\"flaps\"") == std::string::npos; }, seconds(30)))
        << page(Service::state_store);
}

TEST_F(Metrics, SayWhatTasksUseAndHowLongTheyTookToStart) {
    cluster.submit("stays", kStays);
    const std::string cpu = "drover_task_cpu_seconds_total" + kStaying + "}";
    ASSERT_TRUE(eventually([&] { return value(Service::driver_manager, cpu) > 0.1; }, seconds(60)))
        << page(Service::driver_manager);
    EXPECT_THAT(page(Service::driver_manager), HasSubstr("drover_task_info{alloc=\""));
    EXPECT_EQ(value(Service::driver_manager, "drover_start_seconds_count{step=\"all\"}"), 1);
    EXPECT_EQ(value(Service::driver_manager, "drover_start_seconds_count{step=\"directory\"}"), 1);
    EXPECT_EQ(value(Service::alloc_runner, "drover_runner_jobs"), 1);
}

TEST(Alerts, FireWhenTheyShouldAndOnlyThen) {
    const Outcome tested =
        run({kPromtool, "test", "rules", std::string(DROVER_SOURCE) + "/deploy/monitoring/alerts_test.yml"}, {});
    EXPECT_EQ(tested.code, 0) << tested.out << tested.err;
    const Outcome checked = run(
        {"/bin/sh", "-c",
         "cd " + std::string(DROVER_SOURCE) + "/deploy/monitoring && " + kPromtool + " check config prometheus.yml"},
        {});
    EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
}

}  // namespace
}  // namespace drover::integration
