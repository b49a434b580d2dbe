// Slots: who a replica is when nobody has told it (`docker compose --scale`): one directory each on a volume they
// share, held by a lock that the kernel gives up when the replica dies.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace drover::host {

struct Slot {
    std::string id;   // "alloc-runner-2"
    std::string dir;  // <data_dir>/slots/<id>: what must survive of this replica
    UniqueFd lock;    // as long as it is open the slot is ours
};

inline constexpr int kMaxSlots = 256;  // of one service on one volume

// Takes the slot that `hostname` had last, else the first free one, so that what a replica left is taken up before a
// new slot is begun. refused: all are taken.
Result<Slot> take_slot(const std::string& data_dir, const std::string& service, const std::string& hostname);

std::string own_hostname();

}  // namespace drover::host
