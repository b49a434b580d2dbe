#include "driver-manager/docker/keeper.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>

#include "shim/text.hpp"

namespace drover::docker {

namespace {

constexpr std::int64_t kForever = INT64_MAX;
constexpr Duration kFirstLook = milliseconds(100);  // after one without an answer
constexpr Duration kLongestLook = seconds(5);
constexpr Duration kTermTimeout = seconds(5);

volatile sig_atomic_t g_term = 0;
void on_term(int) { g_term = 1; }

void install_handlers() {
    struct sigaction action {};
    action.sa_handler = on_term;
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
}

}  // namespace

Keeper::Keeper(const shim::Spec& spec, shim::StatusFile& status, shim::Control& control, bool resumed)
    : spec_(spec), status_(status), control_(control), engine_(spec.engine), may_exist_(resumed), kill_at_(kForever) {
    if (status_.record.phase == SHIM_RUNNING) stage_ = Stage::running;
    // One that was asked to stop is asked again by whoever wanted it.
    status_.record.stop_requested = 0;
}

void Keeper::run() {
    install_handlers();
    publish();
    while (stage_ != Stage::done) {
        wait();
        if (g_term != 0) request_stop(kTermTimeout.ns);
        const std::int64_t now = shim::monotonic_ns();
        if (stage_ != Stage::done && kill_at_ <= now) kill_now();
        if (stage_ != Stage::done && look_at_ <= now) look();
    }
}

// Signals are let in only here, so none is missed between looking and waiting.
void Keeper::wait() {
    pollfd fds[2 + shim::kMaxClients];
    fds[0] = {control_.listen_fd, POLLIN, 0};
    fds[1] = {output_ ? output_->fd.get() : -1, POLLIN, 0};
    for (int i = 0; i < shim::kMaxClients; ++i) fds[2 + i] = {control_.clients[i], POLLIN, 0};
    const std::int64_t when = std::min(look_at_, kill_at_);
    const std::int64_t left = when == kForever ? 0 : std::max<std::int64_t>(0, when - shim::monotonic_ns());
    const timespec timeout{static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    sigset_t none;
    sigemptyset(&none);
    if (::ppoll(fds, 2 + shim::kMaxClients, when == kForever ? nullptr : &timeout, &none) <= 0) return;
    for (int i = 0; i < shim::kMaxClients && stage_ != Stage::done; ++i)
        if (fds[2 + i].revents != 0) answer(i);
    if (fds[0].revents != 0 && stage_ != Stage::done) shim::accept_client(&control_, status_.record);
    if (fds[1].revents != 0 && output_) hear();
}

void Keeper::answer(int client) {
    ShimRequest request;
    if (!shim::next_request(&control_, client, &request)) return;
    // The signal is the one that the container was made with, or its image's.
    if (request.op == SHIM_OP_STOP) request_stop(request.timeout_ns);
    if (request.op == SHIM_OP_SIGNAL) apply_signal(request.order, request.signo);
    if (stage_ != Stage::done && control_.clients[client] >= 0) shim::tell(&control_, client, status_.record);
}

void Keeper::request_stop(std::int64_t timeout_ns) {
    ShimStatus& record = status_.record;
    if (record.stop_requested != 0) return;
    record.stop_requested = 1;
    const std::int64_t now = shim::monotonic_ns();
    kill_at_ = timeout_ns < kForever - now ? now + timeout_ns : kForever - 1;
    signal_due_ = timeout_ns > 0;
    look_at_ = now;
    publish();
}

void Keeper::apply_signal(std::uint64_t order, int number) {
    ShimStatus& record = status_.record;
    if (order <= record.signals_applied) return;
    record.signal_errno = ESRCH;
    if (stage_ == Stage::running) {
        const auto sent = kill(std::to_string(number));
        record.signal_errno = !sent ? EHOSTDOWN : *sent ? 0 : ESRCH;
    }
    record.signals_applied = order;
    publish();
}

void Keeper::publish() {
    shim::save_status(&status_, false);
    shim::tell_all(&control_, status_.record);
}

void Keeper::look_later() { look_at_ = shim::monotonic_ns() + backoff(kFirstLook, looks_++, kLongestLook).ns; }

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
    record.lost_bytes = logs_[0].lost_total + logs_[1].lost_total;
    shim::save_status(&status_, true);
    stage_ = Stage::done;
}

void Keeper::fail_start(const std::string& sentence, bool recoverable) {
    std::snprintf(status_.record.error, sizeof status_.record.error, "%s", sentence.c_str());
    status_.record.recoverable = recoverable;
    finish(SHIM_START_FAILED);
}

}  // namespace drover::docker
