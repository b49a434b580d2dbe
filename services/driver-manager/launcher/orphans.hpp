// Orphans: shims that live on though the directory of their incarnation was taken away, so that nobody can reach them.
#pragma once

#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "driver-manager/launcher/launcher.hpp"
#include "shim/protocol.h"

namespace drover::launcher {

struct Orphan {
    RunKey key;
    ShimStatus status;  // what it writes where nobody else finds it
    UniqueFd shim;      // pidfd
};

// Those of directories below `state_dir`.
std::vector<Orphan> find_orphans(const std::string& state_dir);

// "7" and nothing else is 7.
bool parse_seq(const std::string& name, std::uint64_t& seq);

}  // namespace drover::launcher
