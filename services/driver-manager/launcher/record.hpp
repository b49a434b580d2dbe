// The status record of an incarnation: read from its file, written for a shim that can no longer do it, and told to the
// rest of the driver-manager.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "shim/protocol.h"
#include "wire/observed.hpp"

namespace drover::launcher {

enum class RecordState { absent, damaged, good };

struct Record {
    RecordState state = RecordState::absent;
    ShimStatus status{};
};

Record read_record(const std::string& dir);

// The pidfd of the shim that wrote `status` while it lives; invalid when it is dead.
UniqueFd open_shim(const ShimStatus& status);

// Writes `status` as the final word, durably. Used where no shim lives: after a failed start, or to close the record of
// a shim that died.
Result<void> write_record(const std::string& dir, ShimStatus status);

bool is_final(const ShimStatus& status);

// An empty record of the incarnation `id` in phase `phase` with the sentence `error`.
ShimStatus new_record(const std::string& id, ShimPhase phase, const std::string& error);

void set_error(ShimStatus& status, const std::string& error);

wire::IncarnationObserved to_observed(std::uint64_t seq, const ShimStatus& status);

}  // namespace drover::launcher
