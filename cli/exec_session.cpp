#include "cli/exec_session.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>

namespace drover::cli {
namespace {

constexpr std::size_t kInputPiece = 16 << 10;  // bytes of input at a time, as the gateway takes them
constexpr int kOutputTries = 20;               // to go on with output after the gateway was not reached
constexpr int kOutputPauseMs = 250;            // between them
constexpr int kPassed[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};

sigset_t passed_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : kPassed) sigaddset(&set, signal);
    return set;
}

void raise_flag(const UniqueFd& event) {
    const std::uint64_t one = 1;
    (void)!::write(event.get(), &one, sizeof one);
}

}  // namespace

ExecSession::ExecSession(const Session& session, const ExecOptions& options)
    : session_(session),
      options_(options),
      finished_(::eventfd(0, EFD_CLOEXEC)),
      leaving_(::eventfd(0, EFD_CLOEXEC)),
      frames_([this](std::string_view stream, std::string_view bytes) { take(stream, bytes); }) {}

int ExecSession::run() {
    // Before there are threads, so that none of them gets one.
    const sigset_t set = passed_signals();
    sigset_t before;
    ::pthread_sigmask(SIG_BLOCK, &set, &before);
    signals_ = UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC));
    int code = 0;
    if (const auto opened = open(); !opened) {
        code = session_.fail(opened.error());
    } else {
        std::optional<RawKeys> keys;
        if (options_.tty && options_.input) keys.emplace();
        std::thread reader([this] { read_output(); });
        std::thread writer([this] {
            if (options_.input) send_input();
        });
        wait();
        raise_flag(leaving_);
        left_ = true;
        (void)session_.client().remove(path(""));
        writer.join();
        reader.join();
        keys.reset();
        code = report(ended_by_);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return code;
}

Result<void> ExecSession::open() {
    Json body{{"task", options_.task}, {"command", options_.command}, {"tty", options_.tty}, {"input", options_.input}};
    if (options_.tty) {
        const char* type = std::getenv("TERM");
        const ScreenSize size = screen_size();
        body["tty_type"] = type != nullptr ? type : "dumb";
        body["rows"] = size.rows;
        body["columns"] = size.columns;
    }
    if (const char* user = std::getenv("USER")) body["user"] = user;
    auto answer = session_.client().post("/v1/allocs/" + encode_segment(options_.alloc) + "/exec",
                                         body.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (!answer) return tl::unexpected(answer.error());
    id_ = answer->value("session", "");
    return {};
}

void ExecSession::read_output() {
    for (int tries = 0; !frames_.end() && !left_ && tries < kOutputTries; ++tries) {
        frames_.restart();
        bool senseless = false;
        const std::uint64_t before = frames_.heard();
        const auto done =
            session_.client().stream(path("/output?heard=" + std::to_string(before)), [&](std::string_view bytes) {
                senseless = !frames_.feed(bytes);
                return !senseless;
            });
        if (senseless) broken_ = "the gateway's answer makes no sense";
        if (senseless || (!done && done.error().kind == ErrorKind::not_found)) break;
        if (done || frames_.heard() > before) tries = -1;
        broken_ = done ? "" : done.error().message;
        if (!done && !left_) ::poll(nullptr, 0, kOutputPauseMs);
    }
    raise_flag(finished_);
}

void ExecSession::send_input() {
    std::string piece(kInputPiece, '\0');
    for (std::uint64_t number = 1; !left_; ++number) {
        pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {leaving_.get(), POLLIN, 0}};
        while (::poll(fds, 2, -1) < 0 && errno == EINTR) continue;
        if (fds[1].revents != 0) return;
        const ssize_t n = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        const std::string bytes = piece.substr(0, n > 0 ? static_cast<std::size_t>(n) : 0);
        const std::string to = path("/input?number=" + std::to_string(number) + (n > 0 ? "" : "&last=true"));
        // The same piece again while the command does not take it: a number is taken once.
        while (!left_) {
            const auto taken = session_.client().post(to, bytes);
            if (taken || taken.error().kind != ErrorKind::unavailable) break;
            ::poll(nullptr, 0, kOutputPauseMs);
        }
        if (n <= 0) return;
    }
}

bool ExecSession::pass_on(int signal) {
    if (signal == SIGWINCH) {
        const ScreenSize size = screen_size();
        if (options_.tty)
            (void)session_.client().post(path("/size"), Json{{"rows", size.rows}, {"columns", size.columns}}.dump());
        return true;
    }
    // Keys of a terminal go there as keys; what comes as a signal all the same is meant for us.
    if (options_.tty) return false;
    (void)session_.client().post(path("/signal"), Json{{"signal", "SIG" + std::string(sigabbrev_np(signal))}}.dump());
    return true;
}

void ExecSession::wait() {
    while (true) {
        pollfd fds[] = {{finished_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
        if (::poll(fds, 2, -1) < 0) continue;
        if (fds[0].revents != 0) return;
        signalfd_siginfo info{};
        if (::read(signals_.get(), &info, sizeof info) != sizeof info) continue;
        if (pass_on(static_cast<int>(info.ssi_signo))) continue;
        ended_by_ = static_cast<int>(info.ssi_signo);
        return;
    }
}

void ExecSession::take(std::string_view stream, std::string_view bytes) {
    if (session_.print_json({{"stream", stream}, {"data", bytes}})) return;
    if (stream == "stderr") {
        session_.err(bytes);
    } else {
        session_.out(bytes);
    }
}

int ExecSession::report(int signal) const {
    if (signal != 0) return 128 + signal;
    if (!frames_.end())
        return session_.fail(Error{ErrorKind::unavailable,
                                   "the command was cut off: " + (broken_.empty() ? "its session is gone" : broken_)});
    const ExecEnd& end = *frames_.end();
    Json view{{"exit_code", end.code}};
    if (!end.error.empty()) view["error"] = end.error;
    const bool told = session_.print_json(view);
    if (end.error.empty()) return end.code;
    if (!told) session_.fail(end.error);
    return end.code > 0 ? end.code : kFailed;
}

}  // namespace drover::cli
