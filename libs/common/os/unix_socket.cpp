#include "os/unix_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace drover::os {

namespace {

constexpr int kFlags = SOCK_CLOEXEC | SOCK_NONBLOCK;

Result<UniqueFd> connect(const std::string& dir, const std::string& name, int type) {
    const std::string what = "cannot connect to " + dir + "/" + name;
    const UniqueFd dir_fd(::open(dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!dir_fd.valid()) return fail_errno(what, errno);
    const std::string path = "/proc/self/fd/" + std::to_string(dir_fd.get()) + "/" + name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return fail(ErrorKind::invalid, what + ": the name is too long");
    std::memcpy(address.sun_path, path.data(), path.size());

    UniqueFd fd(::socket(AF_UNIX, type | kFlags, 0));
    if (!fd.valid()) return fail_errno(what, errno);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    if (errno == EAGAIN) return fail(ErrorKind::unavailable, what + ": too many wait there already");
    return fail_errno(what, errno);
}

}  // namespace

Result<std::pair<UniqueFd, UniqueFd>> socket_pair() {
    std::array<int, 2> fds{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | kFlags, 0, fds.data()) != 0)
        return fail_errno("cannot make a pair of sockets", errno);
    return std::pair(UniqueFd(fds[0]), UniqueFd(fds[1]));
}

Result<UniqueFd> connect_in(const std::string& dir, const std::string& name) {
    return connect(dir, name, SOCK_SEQPACKET);
}

Result<UniqueFd> connect_stream_in(const std::string& dir, const std::string& name) {
    return connect(dir, name, SOCK_STREAM);
}

Result<uid_t> peer_uid(int fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return fail_errno("cannot tell who is at the other end of a socket", errno);
    }
    return credentials.uid;
}

}  // namespace drover::os
