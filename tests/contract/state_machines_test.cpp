// docs/state-machines.md is what the edge tables say; a machine that changes without it fails here.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "alloc-runner/core/alloc.hpp"
#include "alloc-runner/core/job.hpp"
#include "driver-manager/core/course.hpp"
#include "driver-manager/core/instance.hpp"
#include "driver-manager/core/phases.hpp"

namespace drover {
namespace {

constexpr const char* kIntro =
    R"(# State machines

Generated from the edge tables in the code, which are also what the code checks at run time and what the simulation has to have
taken. Nothing moves in any other way.
)";

std::string_view word(alloc_runner::Slot slot) {
    switch (slot) {
        case alloc_runner::Slot::empty: return "empty";
        case alloc_runner::Slot::waiting: return "waiting";
        case alloc_runner::Slot::taken: return "taken";
        case alloc_runner::Slot::stopping: return "stopping";
    }
    return "";
}

std::string_view word(driver_manager::InstanceState state) { return to_string(state); }
std::string_view word(driver_manager::CourseStage stage) { return to_string(stage); }

template <wire::NamedEnum E>
std::string_view word(E value) {
    return to_string(value);
}

template <class Edges>
std::string diagram(const std::string& title, const std::string& about, const std::string& source, const Edges& edges) {
    std::string text = "\n## " + title + "\n\n" + about + " Table: " + source + ".\n\n```mermaid\nstateDiagram-v2\n";
    for (const auto& edge : edges) {
        std::string why(edge.why);
        for (char& c : why)
            if (c == ':' || c == ';') c = ',';
        text += "    " + std::string(word(edge.from)) + " --> " + std::string(word(edge.to)) + ": " + why + "\n";
    }
    return text + "```\n\n| from | to | when |\n|---|---|---|\n" + [&edges] {
        std::string rows;
        for (const auto& edge : edges)
            rows += "| " + std::string(word(edge.from)) + " | " + std::string(word(edge.to)) + " | " +
                    std::string(edge.why) + " |\n";
        return rows;
    }();
}

std::string document() {
    return kIntro +
           diagram("Task", "The phase of a task in the alloc-runner (`TaskStatus.phase`).",
                   "`services/alloc-runner/core/task.hpp`", alloc_runner::kTaskEdges) +
           diagram("Alloc", "The client status of an alloc (`AllocStatus.status`).",
                   "`services/alloc-runner/core/alloc.hpp`", alloc_runner::kAllocEdges) +
           diagram("Slot", "A place of a job's group, which an alloc fills.", "`services/alloc-runner/core/job.hpp`",
                   alloc_runner::kSlotEdges) +
           diagram("Run", "One incarnation of a task as its node sees it (`IncarnationObserved.phase`).",
                   "`services/driver-manager/core/phases.hpp`", driver_manager::kPhaseEdges) +
           diagram("Instance", "A driver of a node.", "`services/driver-manager/core/instance.hpp`",
                   driver_manager::kInstanceEdges) +
           diagram("Course", "One start of a task, as the supervisor of an external driver's task asks for it.",
                   "`services/driver-manager/core/course.hpp`", driver_manager::kCourseEdges);
}

TEST(StateMachines, AreDocumentedAsTheyAre) {
    if (std::getenv("DROVER_REWRITE") != nullptr) std::ofstream(DROVER_STATE_MACHINES) << document();
    std::ostringstream written;
    written << std::ifstream(DROVER_STATE_MACHINES).rdbuf();
    EXPECT_TRUE(written.str() == document()) << "docs/state-machines.md is out of date; run this with DROVER_REWRITE=1";
}

template <class Edges>
void expect_each_edge_once(const Edges& edges) {
    std::set<std::pair<int, int>> seen;
    for (const auto& edge : edges)
        EXPECT_TRUE(seen.insert({static_cast<int>(edge.from), static_cast<int>(edge.to)}).second) << edge.why;
}

TEST(StateMachines, DeclareEachEdgeOnce) {
    expect_each_edge_once(alloc_runner::kTaskEdges);
    expect_each_edge_once(alloc_runner::kAllocEdges);
    expect_each_edge_once(alloc_runner::kSlotEdges);
    expect_each_edge_once(driver_manager::kPhaseEdges);
    expect_each_edge_once(driver_manager::kInstanceEdges);
    expect_each_edge_once(driver_manager::kCourseEdges);
}

}  // namespace
}  // namespace drover
