// docs/metrics.md is what the catalog says; a metric that changes without it fails here. And everything else that names
// metrics, names such as there are.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include "metrics/catalog.hpp"

namespace drover::contract {
namespace {

constexpr const char* kMetricsIntro = R"(# Metrics

Generated from the catalog (`libs/common/metrics/catalog.hpp`).

Every service serves its metrics for Prometheus at `/metrics`, and at `/healthz` whether it is alive, where its option `metrics` says:
`metrics: 127.0.0.1:7190`, or a range of ports for replicas, or port 0 for any, which is then found in `<run_dir>/<program>.metrics`
(`DROVER_METRICS=127.0.0.1:0 drover dev`). Without the option there is nothing. The gateway has the same page at `/metrics` of its API.
Nobody is asked who he is: keep it on 127.0.0.1, or where only those reach it that may see the names of jobs. A host name in the address
must have no dot.

Labels of tasks are what users have named: `job`, `group` and `task`. The id of an alloc is only in `drover_task_info`, to join with. What
was purged is gone from the next page. A metric has at most 5000 series; `drover_metrics_left_out` counts the others.

Counters of a task in the state-store are kept in its database with the job: they begin at 0 when the job is submitted and go on
whatever is restarted or restored, until the job is purged. All other counters count from the start of their process, which is
`process_start_time_seconds` ([ADR 20](adr/0020-task-counters-are-kept-with-the-job.md)); `rate()` and `increase()` know what to do.
In Prometheus' configuration say `honor_labels: true`, or `job` becomes `exported_job`.

[deploy/monitoring](../deploy/monitoring/README.md) has a configuration, alerts with their tests, and a dashboard.
)";

std::string slurp(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string type_word(metrics::Type type) {
    if (type == metrics::Type::histogram) return "histogram";
    return type == metrics::Type::counter ? "counter" : "gauge";
}

std::string metrics_document() {
    std::string text = kMetricsIntro;
    std::string_view from;
    for (const metrics::Metric& one : metrics::kMetrics) {
        if (one.from != from) {
            from = one.from;
            text += "\n## " + std::string(from) + "\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n";
        }
        std::string labels;
        std::istringstream words{std::string(one.labels)};
        for (std::string word; words >> word;) labels += (labels.empty() ? "`" : ", `") + word + "`";
        text += "| `" + std::string(one.name) + "` | " + type_word(one.type) + " | " + labels + " | " +
                std::string(one.meaning) + " |\n";
    }
    return text;
}

TEST(Metrics, AreDocumentedAsTheyAre) {
    if (std::getenv("DROVER_REWRITE") != nullptr) std::ofstream(DROVER_METRICS_DOC) << metrics_document();
    EXPECT_TRUE(slurp(DROVER_METRICS_DOC) == metrics_document())
        << "docs/metrics.md is out of date; run this with DROVER_REWRITE=1";
}

TEST(Metrics, OfAlertsAndTheDashboardExist) {
    std::set<std::string> known;
    for (const metrics::Metric& one : metrics::kMetrics) {
        known.insert(std::string(one.name));
        if (one.type == metrics::Type::histogram) known.insert(std::string(one.name) + "_bucket");
    }
    for (const char* file : {"alerts.yml", "dashboard.json"}) {
        const std::string text = slurp(std::string(DROVER_MONITORING) + "/" + file);
        ASSERT_FALSE(text.empty()) << file;
        const std::regex name("\\b(drover|process)_[a-z_]+\\b");
        for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at)
            EXPECT_TRUE(known.contains(at->str())) << at->str() << " in " << file;
    }
}

}  // namespace
}  // namespace drover::contract
