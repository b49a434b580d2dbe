// What a new list of tokens begins with.
#pragma once

#include <string>

namespace drover::cli {

inline const std::string kTokenListHead =
    "# Who may use the gateway: the SHA-256 of a token, a role (read, submit or admin), a name.\n"
    "# Take out a line and send the gateway SIGHUP, and its token is no good any more.\n";

}  // namespace drover::cli
