// The control socket: who may connect, what they ask, and telling them of changes.
#pragma once

#include <poll.h>

#include "protocol.h"

namespace drover::shim {

constexpr int kMaxClients = 4;

struct Control {
    int listen_fd = -1;
    int clients[kMaxClients] = {-1, -1, -1, -1};
};

// Listens on SHIM_SOCKET in the current directory and takes over the inherited connection if there is one. False with
// errno.
bool open_control(Control* control, int inherited_fd);

// Accepts one connection of root or of our own user and greets it with `status`. The oldest makes room when there are
// too many.
void accept_client(Control* control, const ShimStatus& status);

// The next request of a client; false when there is none, and then `index` may have been disconnected.
bool next_request(Control* control, int index, ShimRequest* out);

void tell(Control* control, int index, const ShimStatus& status);
void tell_all(Control* control, const ShimStatus& status);

}  // namespace drover::shim
