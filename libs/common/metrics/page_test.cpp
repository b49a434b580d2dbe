#include "metrics/page.hpp"

#include <gtest/gtest.h>

#include <set>

namespace drover::metrics {
namespace {

using testing::Test;

std::string without_left_out(const std::string& text) {
    return text.substr(0, text.find("# HELP drover_metrics_left_out"));
}

TEST(Page, IsWhatPrometheusReads) {
    Page page;
    page.add(metric("drover_task_starts_total"), {"web", "front", "server"}, 3);
    page.add(metric("drover_task_starts_total"), {"w\"eb", "f\\t", "a\nb"}, 1);
    page.add(metric("process_cpu_seconds_total"), 2.5);
    EXPECT_EQ(without_left_out(page.text()),
              "# HELP process_cpu_seconds_total Processor time that this process has used.\n"
              "# TYPE process_cpu_seconds_total counter\n"
              "process_cpu_seconds_total 2.5\n"
              "# HELP drover_task_starts_total Recorded starts of a task since its job was submitted.\n"
              "# TYPE drover_task_starts_total counter\n"
              "drover_task_starts_total{job=\"w\\\"eb\",group=\"f\\\\t\",task=\"a\\nb\"} 1\n"
              "drover_task_starts_total{job=\"web\",group=\"front\",task=\"server\"} 3\n");
}

TEST(Page, CumulatesTheBucketsOfAHistogram) {
    static constexpr double kBounds[] = {0.5, 1};
    Histogram histogram(kBounds);
    for (const double value : {0.25, 0.5, 0.75, 3.0}) histogram.observe(value);
    Page page;
    page.add(metric("drover_start_seconds"), {"all"}, histogram);
    const std::string text = page.text();
    EXPECT_NE(text.find("drover_start_seconds_bucket{step=\"all\",le=\"0.5\"} 2\n"
                        "drover_start_seconds_bucket{step=\"all\",le=\"1\"} 3\n"
                        "drover_start_seconds_bucket{step=\"all\",le=\"+Inf\"} 4\n"
                        "drover_start_seconds_sum{step=\"all\"} 4.5\n"
                        "drover_start_seconds_count{step=\"all\"} 4\n"),
              std::string::npos)
        << text;
}

TEST(Page, AddsUpWhatSharesLabelsAndKeepsWholeNumbersWhole) {
    Page page;
    page.add(metric("drover_task_memory_bytes"), {"web", "front", "server"}, 1e15);
    page.add(metric("drover_task_memory_bytes"), {"web", "front", "server"}, 1);
    EXPECT_NE(page.text().find("} 1000000000000001\n"), std::string::npos) << page.text();
}

TEST(Page, StaysBoundedWhateverTheLabelsAndSaysWhatItLeftOut) {
    Page page;
    for (std::size_t i = 0; i < Page::kMaxSeries + 7; ++i)
        page.add(metric("drover_events_total"), {std::to_string(i)}, 1);
    EXPECT_NE(page.text().find("\ndrover_metrics_left_out 7\n"), std::string::npos);
}

TEST(Catalog, NamesEachMetricOnceAndAsPrometheusWantsThem) {
    std::set<std::string_view> names;
    for (const Metric& one : kMetrics) {
        EXPECT_TRUE(names.insert(one.name).second) << one.name;
        EXPECT_EQ(one.name.ends_with("_total"), one.type == Type::counter) << one.name;
        EXPECT_TRUE(one.meaning.ends_with(".")) << one.name;
    }
}

}  // namespace
}  // namespace drover::metrics
