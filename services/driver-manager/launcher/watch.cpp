#include <sys/socket.h>

#include <cerrno>
#include <csignal>

#include "driver-manager/launcher/state.hpp"
#include "os/pidfd.hpp"
#include "os/unix_socket.hpp"

namespace drover::launcher {

namespace {

constexpr Duration kFirstRetry = milliseconds(20);
constexpr Duration kLongestRetry = seconds(5);
// How much later than asked a shim may be with the end of its task, SIGKILL and the last log lines included.
constexpr Duration kStopGrace = seconds(30);

ShimRequest request(ShimOp op) {
    ShimRequest out{};
    out.magic = SHIM_MAGIC;
    out.version = SHIM_VERSION;
    out.op = op;
    return out;
}

}  // namespace

void Launcher::State::watch_shim(Run& run, UniqueFd pidfd) {
    run.pidfd = std::move(pidfd);
    run.on_death = loop.on_readable(run.pidfd.get(), on_run(run, [this](Run& dead) { shim_died(dead); }));
}

void Launcher::State::use_socket(Run& run, UniqueFd socket) {
    run.socket = std::move(socket);
    run.signals_sent = 0;
    run.stop_seen = false;
    run.on_word = loop.on_readable(run.socket.get(), on_run(run, [this](Run& speaking) { hear(speaking); }));
}

void Launcher::State::connect(Run& run) {
    Result<UniqueFd> socket = os::connect_in(run.dir, SHIM_SOCKET);
    if (!socket) {
        connect_later(run);
        return;
    }
    // The shim greets with its status.
    use_socket(run, std::move(*socket));
}

void Launcher::State::connect_later(Run& run) {
    loop.cancel(run.retry);
    const Instant when = loop.now() + backoff(kFirstRetry, run.tries++, kLongestRetry);
    run.retry = loop.at(when, on_run(run, [this](Run& alone) { connect(alone); }));
}

void Launcher::State::disconnect(Run& run) {
    loop.cancel(std::exchange(run.on_word, 0));
    run.socket.reset();
}

// The shim is ending, which its pidfd will tell, or has dropped this connection. Without a pidfd it has to be looked
// for.
void Launcher::State::lose_contact(Run& run) {
    disconnect(run);
    if (run.pidfd.valid()) {
        connect_later(run);
    } else {
        look_again(run);
    }
}

void Launcher::State::hear(Run& run) {
    ShimStatus status;
    while (true) {
        const ssize_t n = ::recv(run.socket.get(), &status, sizeof status, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (n != static_cast<ssize_t>(sizeof status) || shim_status_valid(&status) == 0) break;
        run.tries = 0;
        apply(run, status);
    }
    lose_contact(run);
}

void Launcher::State::apply(Run& run, const ShimStatus& status) {
    // The end counts once the shim is gone and its record is read from the disk.
    if (is_final(status)) return;
    run.last = status;
    if (!run.pidfd.valid()) {
        // Found by its socket, without a record.
        UniqueFd shim_fd = open_shim(status);
        if (shim_fd.valid()) watch_shim(run, std::move(shim_fd));
    }
    if (run.stage == Stage::starting) {
        run.stage = Stage::live;
        loop.cancel(std::exchange(run.overdue, 0));
        leave_start(run);
    }
    run.seen = to_observed(run.key.seq, status);
    run.stop_seen = run.stop_seen || status.stop_requested != 0;
    run.signals.erase(run.signals.begin(), run.signals.upper_bound(status.signals_applied));
    changed_now(run);
    say_open_orders(run);
}

void Launcher::State::say_open_orders(Run& run) {
    if (!run.socket.valid()) return;
    if (run.stop && !run.stop_seen) {
        ShimRequest stop = request(SHIM_OP_STOP);
        stop.signo = run.stop->signal;
        stop.timeout_ns = run.stop->timeout.ns;
        if (!send(run, stop)) return;
        run.stop_seen = true;
    }
    // Before it runs a signal would find nobody.
    if (run.seen.phase != wire::RunPhase::running) return;
    for (auto it = run.signals.upper_bound(run.signals_sent); it != run.signals.end(); ++it) {
        ShimRequest signal = request(SHIM_OP_SIGNAL);
        signal.order = it->first;
        signal.signo = it->second;
        if (!send(run, signal)) return;
        run.signals_sent = it->first;
    }
}

bool Launcher::State::send(Run& run, const ShimRequest& request) {
    const ssize_t n = ::send(run.socket.get(), &request, sizeof request, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n == static_cast<ssize_t>(sizeof request)) return true;
    lose_contact(run);
    return false;
}

// A shim that does not carry out a stop, because it is itself stopped or stuck, is ended; its task ends with it.
void Launcher::State::arm_watchdog(Run& run) {
    loop.cancel(run.watchdog);
    run.watchdog = loop.at(loop.now() + run.stop->timeout + kStopGrace, on_run(run, [](Run& stuck) {
                               if (stuck.pidfd.valid()) (void)os::send_signal(stuck.pidfd.get(), SIGKILL);
                           }));
}

}  // namespace drover::launcher
