// Several alloc-runners share the jobs; what befalls one of them befalls no task.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "arena.hpp"
#include "integration/wait.hpp"
#include "judge.hpp"

namespace drover::chaos {
namespace {

using integration::eventually;
using testing::IsEmpty;

const Setup kSixty{.tasks = 60, .alloc_runners = 3, .driver_managers = 2, .seed = 1, .clocks = false};

class Leases : public testing::Test {
   protected:
    void SetUp() override {
        ASSERT_TRUE(arena_.begin());
        judge_.emplace(arena_);
        ASSERT_TRUE(judge_->await_rest());
    }

    // Lines of the driver-managers' logs that say that an order of this alloc-runner was refused.
    std::size_t refusals(const std::string& runner) {
        std::size_t count = 0;
        for (const Replica& replica : arena_.cluster().replicas()) {
            if (replica.service != Service::driver_manager) continue;
            std::ifstream log(arena_.cluster().dir() + "/" + replica.name() + ".log");
            for (std::string line; std::getline(log, line);)
                count += line.find("refused") != std::string::npos && line.find(runner) != std::string::npos;
        }
        return count;
    }

    Arena arena_{kSixty};
    std::optional<Judge> judge_;
};

TEST_F(Leases, JobsOfAnAllocRunnerThatDiesHangsOrIsCutOffMoveInFiveSecondsAndNoTaskIsTouched) {
    const std::pair<Fault, int> troubles[] = {{Fault::kill, 0}, {Fault::freeze, 1}, {Fault::cut_off, 2}};
    for (const auto& [fault, runner] : troubles) {
        SCOPED_TRACE(to_string(fault));
        ASSERT_TRUE(hand_over(arena_, fault, runner));
        arena_.calm();
        ASSERT_TRUE(judge_->await_rest());
    }
    judge_->close();
    EXPECT_THAT(arena_.ledger().offences, IsEmpty());
    EXPECT_GE(judge_->totals().exits, 60U);
}

TEST_F(Leases, OrdersOfAnAllocRunnerThatKnowsNothingOfItsSuccessorBounceOffTheFence) {
    // It hears the nodes and is heard by them, but of the others nothing: it goes on to decide.
    const Replica victim{Service::alloc_runner, 1};
    for (const Replica& other : arena_.cluster().replicas()) {
        if (other.service != Service::driver_manager && other != victim)
            arena_.relay().cut(victim.name(), other.name());
    }
    // Its successors have a higher term now; of the next ends both hear, and both want another start.
    ASSERT_TRUE(eventually(
        [&] {
            const Json health = arena_.cluster().get("/v1/health");
            return health.is_object() && health["alloc_runners"].size() == 2;
        },
        seconds(20)));
    ASSERT_TRUE(end_one_of_each_job(arena_, [] {}));
    EXPECT_TRUE(eventually([&] { return refusals("alloc-runner-1") > 0; }, seconds(20))) << arena_.cluster().logs();
    arena_.calm();
    ASSERT_TRUE(judge_->await_rest());
    judge_->close();
    EXPECT_THAT(arena_.ledger().offences, IsEmpty());
}

}  // namespace
}  // namespace drover::chaos
