// The search itself, on systems so small that it ends at once, and that each promise needs what keeps it.
#include <gtest/gtest.h>

#include "search.hpp"

namespace drover::model {
namespace {

std::string tell(const Outcome& outcome) {
    std::string text = outcome.broken;
    for (const std::string& line : outcome.trace) text += "\n" + line;
    return text;
}

void expect_broken(const Setting& setting, const char* promise) {
    const Outcome outcome = search(setting, {});
    EXPECT_EQ(outcome.broken, promise) << tell(outcome);
    EXPECT_FALSE(outcome.trace.empty());
}

TEST(Model, EveryPromiseHoldsWhereNothingGoesWrong) {
    const Outcome outcome = search({}, {});
    EXPECT_EQ(outcome.broken, "") << tell(outcome);
    EXPECT_TRUE(outcome.complete);
    EXPECT_GT(outcome.quiet, 0U);
}

TEST(Model, WithoutTheFloorOnTheDiskAStoppedIncarnationStarts) {
    Setting setting;
    setting.late = 0;
    setting.faults.node_deaths = 1;
    setting.faults.job_stops = 1;
    setting.without.floor = true;
    expect_broken(setting, "nothing starts at or below its floor");
}

TEST(Model, WithoutAdoptionTwoIncarnationsLive) {
    Setting setting;
    setting.late = 0;
    setting.faults.node_deaths = 1;
    setting.without.adoption = true;
    expect_broken(setting, "at most one incarnation of a task lives");
}

}  // namespace
}  // namespace drover::model
