#include "driver-manager/setup/probes.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "os/files.hpp"

namespace drover::setup {

namespace {

UniqueFd begin_connection(std::uint32_t port) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int code = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return code == 0 || errno == EINPROGRESS ? std::move(fd) : UniqueFd();
}

// Among the ports that the kernel gives out, a connection to nobody may by chance be one to itself.
bool is_to_itself(const UniqueFd& fd) {
    sockaddr_in ours{};
    sockaddr_in theirs{};
    socklen_t size = sizeof ours;
    if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&ours), &size) != 0) return true;
    size = sizeof theirs;
    if (::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&theirs), &size) != 0) return true;
    return ours.sin_port == theirs.sin_port;
}

enum class Connection { open, pending, refused };

Connection state_of(const UniqueFd& fd) {
    if (!fd.valid()) return Connection::refused;
    pollfd p{fd.get(), POLLOUT, 0};
    if (::poll(&p, 1, 0) != 1) return Connection::pending;
    int error = 0;
    socklen_t size = sizeof error;
    const bool known = ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0;
    return known && error == 0 && !is_to_itself(fd) ? Connection::open : Connection::refused;
}

}  // namespace

Probes::~Probes() {
    for (const auto& [key, asked] : asked_) loop_.cancel(asked.next);
}

void Probes::ask(const launcher::RunKey& key, const wire::ReadyProbe& probe, const std::string& task_dir,
                 const std::map<std::string, std::uint32_t>& ports) {
    forget(key);
    Asked& asked = asked_[key];
    const auto labelled = ports.find(probe.label);
    asked.port = labelled == ports.end() ? probe.port : labelled->second;
    asked.interval = std::max(probe.interval, kShortest);
    if (!probe.file.empty()) asked.file = probe.file.front() == '/' ? probe.file : task_dir + "/" + probe.file;
    asked.next = loop_.at(loop_.now(), [this, key] { look(key); });
}

void Probes::forget(const launcher::RunKey& key) {
    const auto asked = asked_.find(key);
    if (asked == asked_.end()) return;
    loop_.cancel(asked->second.next);
    asked_.erase(asked);
}

void Probes::look(const launcher::RunKey& key) {
    Asked& asked = asked_.at(key);
    bool ready = !asked.file.empty() && os::exists(asked.file);
    if (asked.file.empty()) {
        if (!asked.socket.valid()) asked.socket = begin_connection(asked.port);
        const Connection connection = state_of(asked.socket);
        ready = connection == Connection::open;
        if (connection == Connection::refused) asked.socket.reset();
    }
    if (ready) {
        asked_.erase(key);
        return ready_(launcher::RunKey(key));
    }
    asked.next = loop_.at(loop_.now() + asked.interval, [this, key] { look(key); });
}

}  // namespace drover::setup
