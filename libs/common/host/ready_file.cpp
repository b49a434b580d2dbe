#include "host/ready_file.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/unique_fd.hpp"
#include "os/files.hpp"

namespace drover::host {

ReadyFile::ReadyFile(std::string path) : path_(std::move(path)) { ::unlink(path_.c_str()); }

Result<void> ReadyFile::write() {
    auto done = os::write_file_atomic(path_, std::to_string(::getpid()) + "\n", 0600, os::Durable::no);
    written_ = done.has_value();
    return done;
}

void ReadyFile::remove() {
    if (written_) ::unlink(path_.c_str());
    written_ = false;
}

Result<long> ready_pid(const std::string& path) {
    const auto text = os::read_file(path, 64);
    long pid = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), pid);
    if (pid > 0 && (::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM)) return pid;
    return fail(ErrorKind::not_found,
                text ? "not ready: " + path + " is of a process that has ended" : "not ready: there is no " + path);
}

void notify_systemd(const std::string& state) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path == nullptr || std::strlen(path) == 0 || std::strlen(path) >= sizeof address.sun_path) return;
    const std::size_t length = std::strlen(path);
    std::copy_n(path, length, address.sun_path);
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.valid()) return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    // Nobody to tell is no reason to fail.
    [[maybe_unused]] const auto sent =
        ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace drover::host
