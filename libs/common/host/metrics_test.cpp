#include "host/metrics.hpp"

#include <gtest/gtest.h>

namespace drover::host {
namespace {

TEST(Metrics, RenderAsPrometheusReadsThem) {
    Metrics m;
    m.counter("drover_starts_total", "Tasks started.", {{"driver", "raw_exec"}}).add(3);
    m.counter("drover_starts_total", "Tasks started.", {{"driver", "mo\"ck"}}).add();
    m.gauge("drover_tasks", "Tasks alive.").set(2.5);
    EXPECT_EQ(m.render(),
              "# HELP drover_starts_total Tasks started.\n"
              "# TYPE drover_starts_total counter\n"
              "drover_starts_total{driver=\"mo\\\"ck\"} 1\n"
              "drover_starts_total{driver=\"raw_exec\"} 3\n"
              "# HELP drover_tasks Tasks alive.\n"
              "# TYPE drover_tasks gauge\n"
              "drover_tasks 2.5\n");
}

TEST(Metrics, AreTheSameOneForTheSameNameAndLabels) {
    Metrics m;
    EXPECT_EQ(&m.counter("a_total", "A.", {{"x", "1"}}), &m.counter("a_total", "A.", {{"x", "1"}}));
    EXPECT_NE(&m.counter("a_total", "A.", {{"x", "1"}}), &m.counter("a_total", "A.", {{"x", "2"}}));
}

TEST(Metrics, StayBoundedWhateverTheLabels) {
    Metrics m;
    for (std::size_t i = 0; i < 3 * Metrics::kMaxSeries; ++i) {
        m.counter("a_total", "A.", {{"alloc", std::to_string(i)}}).add();
    }
    EXPECT_EQ(m.counter("a_total", "A.", {{"alloc", "new"}}).value(), 2 * Metrics::kMaxSeries);
}

}  // namespace
}  // namespace drover::host
