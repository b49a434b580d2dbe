#include "driver-manager/docker/keeper.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
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

Keeper::Keeper(const shim::Spec& spec, supervisor::Post& post, bool resumed)
    : spec_(spec), post_(post), engine_(spec.engine), may_exist_(resumed), kill_at_(kForever) {
    if (post_.record().phase == SHIM_RUNNING) stage_ = Stage::running;
}

void Keeper::run() {
    install_handlers();
    post_.publish();
    while (!post_.finished()) {
        wait();
        if (g_term != 0) request_stop(kTermTimeout.ns);
        const std::int64_t now = shim::monotonic_ns();
        if (!post_.finished() && kill_at_ <= now) kill_now();
        if (!post_.finished() && look_at_ <= now) look();
    }
}

// Signals are let in only here, so none is missed between looking and waiting.
void Keeper::wait() {
    shim::Control& control = post_.control();
    pollfd fds[2 + shim::kMaxClients];
    fds[0] = {control.listen_fd, POLLIN, 0};
    fds[1] = {output_ ? output_->fd.get() : -1, POLLIN, 0};
    for (int i = 0; i < shim::kMaxClients; ++i) fds[2 + i] = {control.clients[i], POLLIN, 0};
    const std::int64_t when = std::min(look_at_, kill_at_);
    const std::int64_t left = when == kForever ? 0 : std::max<std::int64_t>(0, when - shim::monotonic_ns());
    const timespec timeout{static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    sigset_t none;
    sigemptyset(&none);
    if (::ppoll(fds, 2 + shim::kMaxClients, when == kForever ? nullptr : &timeout, &none) <= 0) return;
    for (int i = 0; i < shim::kMaxClients && !post_.finished(); ++i)
        if (fds[2 + i].revents != 0) answer(i);
    if (fds[0].revents != 0 && !post_.finished()) shim::accept_client(&control, post_.record());
    if (fds[1].revents != 0 && output_) hear();
}

void Keeper::answer(int client) {
    ShimRequest request;
    shim::Control& control = post_.control();
    if (!shim::next_request(&control, client, &request)) return;
    // The signal is the one that the container was made with, or its image's.
    if (request.op == SHIM_OP_STOP) request_stop(request.timeout_ns);
    if (request.op == SHIM_OP_SIGNAL) apply_signal(request.order, request.signo);
    if (!post_.finished() && control.clients[client] >= 0) shim::tell(&control, client, post_.record());
}

void Keeper::request_stop(std::int64_t timeout_ns) {
    if (!post_.begin_stop()) return;
    const std::int64_t now = shim::monotonic_ns();
    kill_at_ = timeout_ns < kForever - now ? now + timeout_ns : kForever - 1;
    signal_due_ = timeout_ns > 0;
    look_at_ = now;
    post_.publish();
}

void Keeper::apply_signal(std::uint64_t order, int number) {
    if (order <= post_.record().signals_applied) return;
    int error = ESRCH;
    if (stage_ == Stage::running) {
        const auto sent = kill(std::to_string(number));
        error = !sent ? EHOSTDOWN : *sent ? 0 : ESRCH;
    }
    post_.signal_applied(order, error);
}

void Keeper::look_later() { look_at_ = shim::monotonic_ns() + backoff(kFirstLook, looks_++, kLongestLook).ns; }

void Keeper::finish(ShimPhase phase) { post_.finish(phase, logs_[0].lost_total + logs_[1].lost_total); }

}  // namespace drover::docker
