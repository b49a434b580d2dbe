#include "driver-manager/sinks/outlet.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace drover::sinks {

bool Outlet::connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    std::memcpy(address.sun_path, path_.c_str(), path_.size());
    fd_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    return fd_.valid() && ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool Outlet::fail(int code, Instant now) {
    fd_ = UniqueFd();
    not_before_ = now + kReconnect;
    trouble_ = "cannot send to " + path_ + ": " + std::strerror(code) +
               "; what tasks write waits in their log files until it can";
    return false;
}

bool Outlet::send(std::string_view message, Instant now) {
    if (!fd_.valid() && now < not_before_) return false;
    if (!fd_.valid() && !connect()) return fail(errno, now);
    const auto attempt = [&](std::string_view bytes) {
        return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    };
    bool taken = attempt(message);
    if (!taken && errno == EMSGSIZE) taken = attempt(message.substr(0, kCut));
    if (!taken && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == EINTR)) return false;
    if (!taken) return fail(errno, now);
    trouble_.clear();
    return true;
}

}  // namespace drover::sinks
