// What the parts say to each other. Except for commands it is everything that the sender stands for at one moment, as
// the exchange of a receiver that has caught up would have it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/time.hpp"
#include "table.hpp"
#include "wire/observed.hpp"

namespace drover::model {

// Time stands still: every delay of a model is zero, and everything that may happen later may happen at any time.
inline constexpr Instant kNow{seconds(1).ns};

inline constexpr const char* kNode = "n";

// Of the store: what it has recorded, by key.
struct StateNews {
    std::uint64_t epoch = 0;  // of its sender, which counts its starts
    std::map<std::string, std::string> objects;

    std::string bytes() const;
};

// Of the driver-manager: its tasks, by alloc and task.
struct NodeNews {
    std::uint64_t epoch = 0;
    std::map<std::pair<std::string, std::string>, wire::TaskObserved> tasks;

    std::string bytes() const;
};

// Of an alloc-runner to the store: AllocReport at "report/<alloc>" and AllocDesired at "alloc/<alloc>".
struct ReportNews {
    std::map<std::string, std::string> said;

    std::string bytes() const;
};

}  // namespace drover::model
