// Terminals for commands: a master of ours, and the side that the command gets.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace drover::session {

struct Terminal {
    UniqueFd master;  // non-blocking
    UniqueFd slave;
};

Result<Terminal> open_terminal(uid_t owner);

// Sizes of 0 leave it as it is.
void set_size(int master, std::uint32_t rows, std::uint32_t columns);

// The master that a runtime has made for a terminal inside and sends to the socket, which listens in the working
// directory. not_found: it ended (`pidfd`) without.
Result<UniqueFd> receive_master(int listener, int pidfd);

// Listens as `name` in the working directory.
Result<UniqueFd> listen_as(const char* name);

}  // namespace drover::session
