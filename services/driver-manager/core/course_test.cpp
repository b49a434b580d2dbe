#include "driver-manager/core/course.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "driver-manager/core/driver_events.hpp"

namespace drover::driver_manager {
namespace {

using testing::HasSubstr;
using Ask = Course::Ask;
using Stage = CourseStage;
using wire::DriverFailure;

wire::DriverAnswer says(DriverFailure failure, const std::string& error = "no") {
    wire::DriverAnswer answer;
    answer.failure = failure;
    answer.error = error;
    return answer;
}

wire::DriverAnswer runs(std::int64_t pid = 7) {
    wire::DriverAnswer answer;
    answer.state.emplace().running = true;
    answer.state->pid = pid;
    return answer;
}

wire::DriverAnswer has_ended(std::int32_t code) {
    wire::DriverAnswer answer;
    answer.state.emplace().exit.code = code;
    return answer;
}

TEST(Course, StartsWaitsAndTellsTheEnd) {
    Course course("python", false, false);
    EXPECT_EQ(course.next(), Ask::start);
    course.answered(runs());
    EXPECT_EQ(course.stage(), Stage::running);
    EXPECT_EQ(course.next(), Ask::wait);
    course.answered(runs());
    EXPECT_EQ(course.next(), Ask::wait);
    course.answered(has_ended(3));
    EXPECT_EQ(course.stage(), Stage::ended);
    EXPECT_EQ(course.state().exit.code, 3);
    EXPECT_EQ(course.next(), Ask::nothing);
}

TEST(Course, AStartWhoseAnswerWasLostIsAskedForBeforeItIsTriedAgain) {
    Course course("python", false, false);
    (void)course.next();
    course.lost();
    EXPECT_EQ(course.next(), Ask::recover);
    course.lost();
    EXPECT_EQ(course.next(), Ask::recover) << "a driver that is away says nothing of the task";
    course.answered(runs());
    EXPECT_EQ(course.stage(), Stage::running) << "it had happened";
}

TEST(Course, AStartThatWasLostIsRetriedOnceAndNotTwice) {
    Course course("python", false, false);
    (void)course.next();
    course.lost();
    (void)course.next();
    course.answered(says(DriverFailure::not_found));
    EXPECT_EQ(course.next(), Ask::start);
    course.lost();
    EXPECT_EQ(course.next(), Ask::recover);
    course.answered(says(DriverFailure::not_found));
    EXPECT_EQ(course.stage(), Stage::start_failed);
    EXPECT_TRUE(course.recoverable());
    EXPECT_THAT(course.error(), HasSubstr("was asked twice"));
}

TEST(Course, AStartThatTheDriverRefusesFailsWithItsWords) {
    for (const bool again : {true, false}) {
        Course course("python", false, false);
        (void)course.next();
        course.answered(says(again ? DriverFailure::unavailable : DriverFailure::invalid, "no such image"));
        EXPECT_EQ(course.stage(), Stage::start_failed);
        EXPECT_EQ(course.recoverable(), again);
        EXPECT_EQ(course.error(), "no such image");
    }
}

TEST(Course, ATaskThatRunsIsFoundAgainByWhoeverComesNext) {
    Course course("python", true, true);
    EXPECT_EQ(course.next(), Ask::recover);
    course.answered(says(DriverFailure::unavailable));
    EXPECT_EQ(course.next(), Ask::recover) << "later it may know";
    course.answered(runs());
    EXPECT_EQ(course.next(), Ask::wait);
    course.lost();
    EXPECT_EQ(course.next(), Ask::recover);
    course.answered(has_ended(0));
    EXPECT_EQ(course.stage(), Stage::ended);
}

TEST(Course, ATaskThatRanAndThatTheDriverDoesNotKnowIsLostNotStartedAgain) {
    Course course("python", true, true);
    (void)course.next();
    course.answered(says(DriverFailure::not_found));
    EXPECT_EQ(course.stage(), Stage::ended);
    EXPECT_EQ(course.state().exit.code, -1);
    EXPECT_THAT(course.state().exit.error, HasSubstr("executor lost"));
}

TEST(Course, AStopStartsNothing) {
    Course unasked("python", false, false);
    unasked.stop();
    EXPECT_EQ(unasked.stage(), Stage::never_started);

    Course asked("python", false, false);
    (void)asked.next();
    asked.stop();
    EXPECT_EQ(asked.stage(), Stage::starting) << "what was asked for may happen";
    asked.lost();
    EXPECT_EQ(asked.next(), Ask::recover);
    asked.answered(says(DriverFailure::not_found));
    EXPECT_EQ(asked.stage(), Stage::never_started);
}

TEST(Course, WhatWasKilledWhileTheDriverWasAwayHasEnded) {
    Course course("python", true, true);
    (void)course.next();
    course.lost();
    course.stop();
    course.killed();
    EXPECT_EQ(course.stage(), Stage::ended);
    EXPECT_EQ(course.state().exit.signal, 9);
}

// A driver that dies, forgets nothing that it ran, and answers or not: never two starts of what runs, never a third
// start, and every declared edge is taken.
TEST(CourseRandom, StartsAtMostTwiceAndNeverBesideItself) {
    std::set<std::pair<Stage, Stage>> taken;
    for (unsigned seed = 0; seed < 2000; ++seed) {
        std::mt19937 random(seed);
        Course course("python", false, false);
        bool alive = false;
        int starts = 0;
        for (int step = 0; step < 200; ++step) {
            const Stage before = course.stage();
            const Ask ask = course.next();
            if (ask == Ask::nothing) break;
            starts = ask == Ask::start ? starts + 1 : starts;
            if (ask == Ask::start) {
                ASSERT_FALSE(alive) << "seed " << seed;
                if (random() % 8 == 0) {
                    course.answered(says(DriverFailure::invalid));
                    alive = false;
                } else {
                    alive = random() % 2 == 0;  // or the driver died before it got so far
                    random() % 2 == 0 || !alive ? course.lost() : course.answered(runs());
                }
            } else if (random() % 3 == 0) {
                course.lost();
            } else if (!alive) {
                course.answered(says(DriverFailure::not_found));
            } else if (random() % 4 == 0) {
                course.answered(has_ended(0));
            } else {
                course.answered(runs());
            }
            if (before != course.stage()) taken.emplace(before, course.stage());
            if (random() % 30 == 0) {
                const Stage now = course.stage();
                course.stop();
                if (now != course.stage()) taken.emplace(now, course.stage());
            }
        }
        EXPECT_LE(starts, Course::kStarts) << "seed " << seed;
    }
    for (const auto& edge : kCourseEdges)
        EXPECT_TRUE(taken.contains({edge.from, edge.to})) << to_string(edge.from) << " -> " << to_string(edge.to);
}

class Routing : public testing::Test {
   protected:
    Routing() {
        wire::IncarnationObserved first;
        first.seq = 1;
        first.id = "old";
        first.phase = wire::RunPhase::exited;
        wire::IncarnationObserved second;
        second.seq = 2;
        second.id = "new";
        second.phase = wire::RunPhase::running;
        inventory.adopt({"a1", "web"}, 0, {first, second});
        inventory.adopt({"a1", "db"}, 3, {});
    }
    static wire::DriverEvent event(const std::string& task, const std::string& id) {
        return {.number = 1, .alloc = "a1", .task = task, .id = id, .at = {}, .message = "hello"};
    }
    Inventory inventory;
};

TEST_F(Routing, AnEventGoesToItsTaskAndAnOlderStartsDoesNot) {
    EXPECT_EQ(route(inventory, event("web", "new")).value(), 2u);
    EXPECT_THAT(route(inventory, event("web", "old")).error().message, HasSubstr("an earlier start"));
    EXPECT_THAT(route(inventory, event("db", "new")).error().message, HasSubstr("there is no task db"));
    EXPECT_FALSE(route(inventory, event("nobody", "new")));
}

}  // namespace
}  // namespace drover::driver_manager
