// Who decides about a job: the same answer in every alloc-runner, without a word between them.
#pragma once

#include <string_view>

#include "wire/desired.hpp"

namespace drover::alloc_runner {

// Of the live alloc-runners the one that hashes highest with `job` (rendezvous hashing: when one leaves, only its own
// jobs move). Null when there is none.
const wire::Member* owner(std::string_view job, const wire::Members& members);

}  // namespace drover::alloc_runner
