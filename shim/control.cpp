#include "control.hpp"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace drover::shim {

namespace {

void drop(Control* control, int index) {
    close(control->clients[index]);
    control->clients[index] = -1;
}

bool may_connect(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == 0 || peer.uid == geteuid();
}

void add_client(Control* control, int fd) {
    // The oldest is the first.
    if (control->clients[kMaxClients - 1] >= 0) {
        if (control->clients[0] >= 0) close(control->clients[0]);
        memmove(control->clients, control->clients + 1, sizeof(int) * (kMaxClients - 1));
        control->clients[kMaxClients - 1] = -1;
    }
    int at = kMaxClients - 1;
    while (at > 0 && control->clients[at - 1] < 0) --at;
    control->clients[at] = fd;
}

}  // namespace

bool open_control(Control* control, int inherited_fd) {
    struct stat st {};
    if (fstat(inherited_fd, &st) == 0 && S_ISSOCK(st.st_mode)) {
        fcntl(inherited_fd, F_SETFD, FD_CLOEXEC);
        add_client(control, inherited_fd);
    } else {
        close(inherited_fd);
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    strcpy(address.sun_path, SHIM_SOCKET);
    control->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->listen_fd < 0) return false;
    if (bind(control->listen_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
    return listen(control->listen_fd, 8) == 0;
}

void accept_client(Control* control, const ShimStatus& status) {
    const int fd = accept4(control->listen_fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (!may_connect(fd)) {
        close(fd);
        return;
    }
    add_client(control, fd);
    for (int i = 0; i < kMaxClients; ++i) {
        if (control->clients[i] == fd) tell(control, i, status);
    }
}

bool next_request(Control* control, int index, ShimRequest* out) {
    const ssize_t n = recv(control->clients[index], out, sizeof *out, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    const bool good =
        n == static_cast<ssize_t>(sizeof *out) && out->magic == SHIM_MAGIC && out->version == SHIM_VERSION;
    if (!good) drop(control, index);
    return good;
}

void tell(Control* control, int index, const ShimStatus& status) {
    const ssize_t n = send(control->clients[index], &status, sizeof status, MSG_DONTWAIT | MSG_NOSIGNAL);
    // Who does not listen has to connect again, and is greeted with the status then.
    if (n != static_cast<ssize_t>(sizeof status)) drop(control, index);
}

void tell_all(Control* control, const ShimStatus& status) {
    for (int i = 0; i < kMaxClients; ++i) {
        if (control->clients[i] >= 0) tell(control, i, status);
    }
}

}  // namespace drover::shim
