#include "driver-manager/external/keeper.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include "shim/text.hpp"

namespace drover::external {

namespace {

constexpr Duration kTermTimeout = seconds(5);
constexpr Duration kSignalLimit = seconds(10);
constexpr Duration kFarewell = milliseconds(20);

std::string name_of(const char* home) {
    const std::string path = home;
    return path.substr(path.rfind('/') + 1);
}

std::string signal_name(int number) {
    const char* name = ::sigabbrev_np(number);
    return name != nullptr ? "SIG" + std::string(name) : std::to_string(number);
}

int error_number(const Result<wire::DriverAnswer>& answer) {
    using wire::DriverFailure;
    if (!answer) return EHOSTDOWN;
    switch (answer->failure) {
        case DriverFailure::none: return 0;
        case DriverFailure::not_found: return ESRCH;
        case DriverFailure::unsupported: return EOPNOTSUPP;
        case DriverFailure::invalid: return EINVAL;
        default: return EAGAIN;
    }
}

}  // namespace

Keeper::Keeper(const shim::Spec& spec, wire::DriverTask task, shim::StatusFile& status, shim::Control& control,
               bool resumed)
    : spec_(spec),
      task_(std::move(task)),
      driver_(name_of(spec.engine)),
      status_(status),
      control_(control),
      course_(driver_, resumed, status.record.phase == SHIM_RUNNING),
      output_(loop_, spec, task_),
      signals_(loop_, {SIGTERM, SIGINT}, [this](int) { request_stop(SIGTERM, kTermTimeout); }) {
    // One that was asked to stop is asked again by whoever wanted it.
    status_.record.stop_requested = 0;
}

Keeper::~Keeper() {
    for (const rt::Token token : clients_) loop_.cancel(token);
    for (const rt::Token token : {listen_, retry_, stop_retry_, by_hand_}) loop_.cancel(token);
}

void Keeper::run() {
    publish();
    if (const auto open = output_.open(); !open) return fail_start(open.error().message, true);
    listen_ = loop_.on_readable(control_.listen_fd, [this] {
        shim::accept_client(&control_, status_.record);
        watch_clients();
    });
    watch_clients();
    reach();
    while (!done_) loop_.run_until([this] { return done_; }, hours(1));
    // The last word to the driver leaves.
    loop_.run_until([] { return false; }, kFarewell);
}

// Clients move when one comes or goes.
void Keeper::watch_clients() {
    for (int i = 0; i < shim::kMaxClients; ++i) {
        loop_.cancel(std::exchange(clients_[i], 0));
        if (control_.clients[i] >= 0) clients_[i] = loop_.on_readable(control_.clients[i], [this, i] { answer(i); });
    }
}

void Keeper::answer(int client) {
    ShimRequest request;
    const bool asked = shim::next_request(&control_, client, &request);
    if (asked && request.op == SHIM_OP_STOP) request_stop(request.signo, {request.timeout_ns});
    if (asked && request.op == SHIM_OP_SIGNAL) apply_signal(request.order, request.signo);
    if (asked && !done_ && control_.clients[client] >= 0) shim::tell(&control_, client, status_.record);
    watch_clients();
}

void Keeper::request_stop(int signal, Duration timeout) {
    ShimStatus& record = status_.record;
    if (record.stop_requested != 0 || done_) return;
    record.stop_requested = 1;
    const Instant now = loop_.now();
    kill_at_ = timeout < kNever - now ? now + timeout : kNever;
    stop_signal_ = signal_name(signal);
    stop_due_ = true;
    course_.stop();
    publish();
    settle();
}

void Keeper::apply_signal(std::uint64_t order, int number) {
    if (order <= status_.record.signals_applied) return;
    if (course_.stage() != driver_manager::CourseStage::running) return signal_applied(order, ESRCH);
    const auto line = orders();
    if (!line) return signal_applied(order, EHOSTDOWN);
    wire::DriverCall call = ipc::make_call(wire::DriverVerb::signal, task_.id);
    call.signal = signal_name(number);
    (*line)->call(call, kSignalLimit, [this, order](const Result<wire::DriverAnswer>& answer) {
        signal_applied(order, error_number(answer));
    });
}

void Keeper::signal_applied(std::uint64_t order, int error) {
    if (order <= status_.record.signals_applied || done_) return;
    status_.record.signals_applied = order;
    status_.record.signal_errno = error;
    publish();
}

void Keeper::publish() {
    shim::save_status(&status_, false);
    shim::tell_all(&control_, status_.record);
    watch_clients();
}

// Beside a start or a run that goes on.
void Keeper::waits_for(const std::string& sentence) {
    ShimStatus& record = status_.record;
    if (sentence == record.error) return;
    std::snprintf(record.error, sizeof record.error, "%s", sentence.c_str());
    publish();
}

void Keeper::finish(ShimPhase phase) {
    ShimStatus& record = status_.record;
    record.phase = phase;
    if (record.finished_at == 0) record.finished_at = shim::wall_ns();
    record.lost_bytes = output_.lost();
    shim::save_status(&status_, true);
    done_ = true;
}

void Keeper::fail_start(const std::string& sentence, bool recoverable) {
    std::snprintf(status_.record.error, sizeof status_.record.error, "%s", sentence.c_str());
    status_.record.recoverable = recoverable;
    finish(SHIM_START_FAILED);
}

}  // namespace drover::external
