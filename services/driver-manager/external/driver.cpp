// What a keeper asks of its driver.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "driver-manager/external/keeper.hpp"
#include "driver-manager/external/tree.hpp"
#include "ipc/home.hpp"
#include "os/signal_names.hpp"
#include "os/unix_socket.hpp"
#include "shim/text.hpp"

namespace drover::external {

using driver_manager::Course;
using driver_manager::CourseStage;
using wire::DriverVerb;

namespace {

constexpr Duration kFirstPause = milliseconds(20);  // before a driver that was not there is looked for again
constexpr Duration kLongestPause = seconds(2);
constexpr Duration kWait = seconds(30);      // of one call
constexpr Duration kHasty = seconds(1);      // sooner than a wait that has nothing to tell should be answered
constexpr Duration kGrace = seconds(1);      // with a kill that the driver was not told of in time
constexpr Duration kPatience = seconds(10);  // with a driver that has to answer at once
// Of a start: it may get an image first. A driver that hangs is ended by who asks how it is.
constexpr Duration kStartLimit = hours(1);
constexpr Duration kRecoverLimit = minutes(1);

}  // namespace

void Keeper::reach() {
    loop_.cancel(std::exchange(retry_, 0));
    line_.reset();
    if (post_.finished()) return;
    auto socket = os::connect_stream_in(spec_.engine, ipc::kDriverSocket);
    if (!socket) return reach_later("the driver " + driver_ + ", which is not there");
    line_ = std::make_unique<ipc::Line>(loop_, std::move(*socket), driver_,
                                        ipc::Line::Hooks{[this] { ask(); },
                                                         [this](const Error& why) {
                                                             line_.reset();
                                                             reach_later(why.message);
                                                         }});
}

void Keeper::reach_later(const std::string& why) {
    if (post_.finished()) return;
    // A short absence is nobody's business.
    if (tries_ > 6) waits_for(why);
    loop_.cancel(retry_);
    retry_ = loop_.at(loop_.now() + backoff(kFirstPause, tries_++, kLongestPause), [this] { reach(); });
}

void Keeper::ask() {
    wire::DriverCall call;
    call.id = task_.id;
    switch (course_.next()) {
        case Course::Ask::nothing: return settle();
        case Course::Ask::start:
            call.verb = DriverVerb::start;
            call.task = task_;
            return line_->call(call, kStartLimit, [this](const auto& answer) { heard(answer); });
        case Course::Ask::recover:
            call.verb = DriverVerb::recover;
            call.task = task_;
            return line_->call(call, kRecoverLimit, [this](const auto& answer) { heard(answer); });
        case Course::Ask::wait:
            waits_since_ = loop_.now();
            call.verb = DriverVerb::wait;
            call.timeout = kWait;
            return line_->call(call, kWait + kPatience, [this](const auto& answer) { heard(answer); });
    }
}

// A line that has broken says so itself once more, and another one is opened then.
void Keeper::heard(const Result<wire::DriverAnswer>& answer) {
    if (!answer) return course_.lost();
    const CourseStage before = course_.stage();
    course_.answered(*answer);
    // One that says the same at once, again and again, is not asked all the time.
    const bool hasty = waits_since_.set() && loop_.now() - waits_since_ < kHasty;
    waits_since_ = {};
    const bool useless = hasty || answer->failure != wire::DriverFailure::none;
    tries_ = useless ? tries_ + 1 : 0;
    settle();
    if (post_.finished()) return;
    if (course_.stage() != before || tries_ < 2) return ask();
    loop_.cancel(retry_);
    retry_ = loop_.at(loop_.now() + backoff(kFirstPause, tries_, kLongestPause), [this] {
        if (line_) ask();
    });
}

void Keeper::settle() {
    if (post_.finished()) return;
    switch (course_.stage()) {
        case CourseStage::starting: return;
        case CourseStage::running: return runs();
        case CourseStage::ended: ended(); break;
        case CourseStage::start_failed: post_.fail_start(course_.error(), course_.recoverable()); break;
        case CourseStage::never_started: finish(SHIM_NEVER_STARTED); break;
    }
    if (line_ && course_.stage() == CourseStage::ended) line_->post(ipc::make_call(DriverVerb::destroy, task_.id));
}

void Keeper::runs() {
    ShimStatus& record = post_.record();
    const wire::DriverTaskState& state = course_.state();
    const auto pid = static_cast<std::int32_t>(state.pid);
    if (record.phase != SHIM_RUNNING || record.task_pid != pid || record.error[0] != 0) {
        record.phase = SHIM_RUNNING;
        record.task_pid = pid;
        record.task_start = shim::start_time(pid);
        if (record.started_at == 0) record.started_at = state.started_at.set() ? state.started_at.ns : shim::wall_ns();
        record.error[0] = 0;
        publish();
    }
    if (stop_due_) send_stop();
}

void Keeper::ended() {
    output_.drain();
    ShimStatus& record = post_.record();
    const wire::DriverTaskState& state = course_.state();
    record.exit_code = state.exit.code;
    record.exit_signal = state.exit.signal;
    record.oom = state.exit.oom;
    if (record.started_at == 0 && state.started_at.set()) record.started_at = state.started_at.ns;
    if (state.finished_at.set()) record.finished_at = state.finished_at.ns;
    std::snprintf(record.error, sizeof record.error, "%s", state.exit.error.c_str());
    finish(SHIM_EXITED);
}

void Keeper::send_stop() {
    stop_due_ = false;
    loop_.cancel(std::exchange(stop_retry_, 0));
    if (by_hand_ == 0 && kill_at_ < kNever - kPatience)
        by_hand_ = loop_.at(kill_at_ + kGrace, [this] { end_by_hand(); });
    const auto line = orders();
    if (!line) return stop_later();
    wire::DriverCall call = ipc::make_call(DriverVerb::stop, task_.id);
    call.signal = os::signal_name(stop_signal_);
    call.timeout = std::max(Duration{}, kill_at_ - loop_.now());
    (*line)->call(call, call.timeout + kPatience, [this](const Result<wire::DriverAnswer>& answer) {
        stop_heard_ = answer && answer->failure != wire::DriverFailure::unavailable;
        if (!stop_heard_) stop_later();
    });
}

void Keeper::stop_later() {
    if (post_.finished()) return;
    loop_.cancel(stop_retry_);
    const Instant next = loop_.now() + backoff(kFirstPause, stop_tries_++, kLongestPause);
    // With what is left of the timeout: nothing, so it kills at once.
    stop_retry_ = loop_.at(signalled_ ? std::max(next, kill_at_) : next, [this] { send_stop(); });
}

// A driver that hangs must not turn a stop into a kill. Where the task is only it may know, and then it is waited for.
// From now on it has nothing to do about the stop before it is time to kill: the signal would come twice.
void Keeper::signal_by_hand() {
    untold_ = 0;
    const ShimStatus& record = post_.record();
    if (post_.finished() || stop_heard_ || record.phase != SHIM_RUNNING || record.task_pid <= 0) return;
    signalled_ = supervisor::signal_exactly(record.task_pid, record.task_start, stop_signal_);
    if (signalled_ && stop_retry_ != 0) stop_later();
}

// A driver that has heard of the stop has had its time; one that has not must not hold it up. How the task ended is
// still the driver's to say, for a while.
void Keeper::end_by_hand() {
    if (stop_heard_ && loop_.now() < kill_at_ + kPatience) {
        by_hand_ = loop_.at(kill_at_ + kPatience, [this] { end_by_hand(); });
        return;
    }
    by_hand_ = loop_.at(loop_.now() + seconds(1), [this] { end_by_hand(); });
    const ShimStatus& record = post_.record();
    if (record.task_pid <= 0) return waits_for("the driver " + driver_ + ", which does not end the task");
    if (kill_session(record.task_pid, record.task_start) || ++blows_ < 10) return;
    course_.killed();
    settle();
}

Result<ipc::Line*> Keeper::orders() {
    if (orders_) return orders_.get();
    auto socket = os::connect_stream_in(spec_.engine, ipc::kDriverSocket);
    if (!socket) return tl::unexpected(socket.error());
    orders_ = std::make_unique<ipc::Line>(loop_, std::move(*socket), driver_,
                                          ipc::Line::Hooks{{}, [this](const Error&) { orders_.reset(); }});
    return orders_.get();
}

}  // namespace drover::external
