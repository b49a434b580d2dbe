#include "driver-manager/core/course.hpp"

#include <csignal>
#include <utility>

namespace drover::driver_manager {

using wire::DriverFailure;

const char* to_string(CourseStage stage) {
    switch (stage) {
        case CourseStage::starting: return "starting";
        case CourseStage::running: return "running";
        case CourseStage::ended: return "ended";
        case CourseStage::start_failed: return "start_failed";
        case CourseStage::never_started: return "never_started";
    }
    return "?";
}

Course::Course(std::string driver, bool resumed, bool running)
    : driver_(std::move(driver)),
      stage_(running ? CourseStage::running : CourseStage::starting),
      ask_(resumed ? Ask::recover : Ask::start),
      starts_(resumed ? 1 : 0) {}

void Course::enter(CourseStage to) {
    check_edge(kCourseEdges, stage_, to);
    stage_ = to;
    ask_ = Ask::nothing;
}

Course::Ask Course::next() {
    asked_ = ask_ != Ask::nothing;
    if (ask_ == Ask::start) ++starts_;
    return ask_;
}

void Course::answered(const wire::DriverAnswer& answer) {
    asked_ = false;
    if (ask_ == Ask::nothing) return;
    if (answer.failure == DriverFailure::none && answer.state) return take(*answer.state);
    const std::string why = answer.error.empty() ? "the driver " + driver_ + " gives no reason" : answer.error;
    if (answer.failure == DriverFailure::not_found && ask_ != Ask::start) return unknown();
    if (answer.failure == DriverFailure::conflict && ask_ == Ask::start) {
        ask_ = Ask::recover;
    } else if (ask_ == Ask::start) {
        fail_start(why, answer.failure == DriverFailure::unavailable);
    } else if (ask_ == Ask::wait) {
        ask_ = Ask::recover;
    }
    // A driver that cannot tell of a task now may tell later.
}

void Course::take(const wire::DriverTaskState& state) {
    state_ = state;
    if (!state.running) return enter(CourseStage::ended);
    if (stage_ == CourseStage::starting) enter(CourseStage::running);
    ask_ = Ask::wait;
}

void Course::lost() {
    asked_ = false;
    if (ask_ != Ask::nothing && starts_ > 0) ask_ = Ask::recover;
}

void Course::unknown() {
    if (ask_ == Ask::wait) {
        ask_ = Ask::recover;
    } else if (stage_ == CourseStage::running) {
        state_.running = false;
        state_.exit = {-1, 0, false, "the driver " + driver_ + " does not know the task any more (executor lost)"};
        enter(CourseStage::ended);
    } else if (stopped_) {
        enter(CourseStage::never_started);
    } else if (starts_ < kStarts) {
        ask_ = Ask::start;
    } else {
        fail_start("the driver " + driver_ + " was asked twice to start the task and does not know it", true);
    }
}

void Course::stop() {
    stopped_ = true;
    if (ask_ == Ask::start && !asked_) enter(CourseStage::never_started);
}

void Course::killed() {
    if (stage_ != CourseStage::running) return;
    state_.running = false;
    state_.exit = {128 + SIGKILL, SIGKILL, false,
                   "the driver " + driver_ + " was away, so Drover killed the task itself"};
    enter(CourseStage::ended);
}

void Course::fail_start(std::string error, bool recoverable) {
    error_ = std::move(error);
    recoverable_ = recoverable;
    enter(CourseStage::start_failed);
}

}  // namespace drover::driver_manager
