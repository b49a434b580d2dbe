// Local sockets, close-on-exec and non-blocking. Those of shims keep message boundaries (SOCK_SEQPACKET), those of
// external drivers are streams.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace drover::os {

Result<std::pair<UniqueFd, UniqueFd>> socket_pair();

// Connects to the socket `name` in `dir`, which may be longer than the 107 bytes that an address holds.
Result<UniqueFd> connect_in(const std::string& dir, const std::string& name);

// The same for a socket that is a stream. unavailable when so many wait there already that one has to try again.
Result<UniqueFd> connect_stream_in(const std::string& dir, const std::string& name);

// The user at the other end.
Result<uid_t> peer_uid(int fd);

}  // namespace drover::os
