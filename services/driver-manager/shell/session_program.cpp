#include "driver-manager/shell/session_program.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <memory>

#include "os/unix_socket.hpp"
#include "shim/protocol.h"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

constexpr std::size_t kMaxSessionWords = 256 << 10;  // bytes of one message

}  // namespace

SessionProgram::~SessionProgram() {
    loop_.cancel(on_word_);
    loop_.cancel(retry_);
    socket_.reset();
    if (process_.pidfd.valid()) bury(loop_, std::move(process_));
}

Result<void> SessionProgram::start(const std::string& program, const std::string& dir) {
    auto sockets = os::socket_pair();
    if (!sockets) return tl::unexpected(sockets.error());
    os::SpawnOptions options;
    options.path = program;
    options.argv = {"drover-session", dir};
    options.fds = {{sockets->second.get(), SHIM_CONTROL_FD}};
    options.new_session = true;
    auto process = os::spawn(options, os::Stdio::null);
    if (!process) return tl::unexpected(process.error());
    process_ = std::move(*process);
    socket_ = std::move(sockets->first);
    on_word_ = loop_.on_readable(socket_.get(), [this] { hear(); });
    return {};
}

void SessionProgram::bury(rt::Loop& loop, os::Process process) {
    struct Grave {
        os::Process process;
        rt::Token on_end = 0;
        rt::Token at_limit = 0;
    };
    const auto grave = std::make_shared<Grave>(Grave{std::move(process)});
    grave->at_limit = loop.at(loop.now() + kLeave, [grave] { ::kill(grave->process.pid, SIGKILL); });
    grave->on_end = loop.on_readable(grave->process.pidfd.get(), [&loop, grave] {
        loop.cancel(grave->at_limit);
        (void)os::reap(grave->process.pidfd.get());
        // Ends what holds the grave, so last.
        loop.cancel(grave->on_end);
    });
}

void SessionProgram::say(const wire::SessionDesired& desired) {
    unsaid_ = wire::encode(desired);
    send();
}

void SessionProgram::send() {
    loop_.cancel(std::exchange(retry_, 0));
    const ssize_t n = ::send(socket_.get(), unsaid_.data(), unsaid_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) retry_ = loop_.at(loop_.now() + kRetry, [this] { send(); });
}

void SessionProgram::hear() {
    std::string bytes(kMaxSessionWords, '\0');
    const ssize_t n = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    std::optional<wire::SessionObserved> seen;
    if (n > 0)
        if (auto read = wire::decode<wire::SessionObserved>({bytes.data(), static_cast<std::size_t>(n)}))
            seen = std::move(*read);
    const Heard heard = heard_;
    heard(std::move(seen));
}

}  // namespace drover::driver_manager
