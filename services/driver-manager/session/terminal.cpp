#include "driver-manager/session/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/time.hpp"

namespace drover::session {
namespace {

constexpr Duration kRuntimeLimit = seconds(20);

Result<UniqueFd> take_descriptor(int socket) {
    char byte[128];
    iovec part{byte, sizeof byte};
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) < 0) return fail_errno("cannot receive the terminal", errno);
    const cmsghdr* head = CMSG_FIRSTHDR(&message);
    if (head == nullptr || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
        return fail(ErrorKind::io, "the runtime has sent no terminal");
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return UniqueFd(fd);
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

Result<Terminal> open_terminal(uid_t owner) {
    Terminal out;
    out.master = UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!out.master.valid() || ::unlockpt(out.master.get()) != 0) return fail_errno("cannot make a terminal", errno);
    out.slave = UniqueFd(::ioctl(out.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!out.slave.valid()) return fail_errno("cannot open the terminal", errno);
    // Programs that open it by its name need it to be theirs; others do without.
    (void)!::fchown(out.slave.get(), owner, static_cast<gid_t>(-1));
    set_nonblocking(out.master.get());
    return out;
}

void set_size(int master, std::uint32_t rows, std::uint32_t columns) {
    if (rows == 0 || columns == 0) return;
    winsize size{};
    size.ws_row = static_cast<unsigned short>(rows);
    size.ws_col = static_cast<unsigned short>(columns);
    ::ioctl(master, TIOCSWINSZ, &size);
}

Result<UniqueFd> listen_as(const char* name) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
    if (!fd.valid() || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd.get(), 1) != 0)
        return fail_errno("cannot wait for the terminal", errno);
    return fd;
}

Result<UniqueFd> receive_master(int listener, int pidfd) {
    pollfd fds[] = {{listener, POLLIN, 0}, {pidfd, POLLIN, 0}};
    while (::poll(fds, 2, static_cast<int>(kRuntimeLimit.ms())) < 0 && errno == EINTR) continue;
    if ((fds[0].revents & POLLIN) == 0)
        return fail(fds[1].revents != 0 ? ErrorKind::not_found : ErrorKind::unavailable,
                    "the runtime has made no terminal within " + to_string(kRuntimeLimit));
    const UniqueFd connection(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.valid()) return fail_errno("cannot receive the terminal", errno);
    pollfd more{connection.get(), POLLIN, 0};
    if (::poll(&more, 1, static_cast<int>(kRuntimeLimit.ms())) != 1)
        return fail(ErrorKind::unavailable, "the runtime has sent no terminal");
    auto master = take_descriptor(connection.get());
    if (master) set_nonblocking(master->get());
    return master;
}

}  // namespace drover::session
