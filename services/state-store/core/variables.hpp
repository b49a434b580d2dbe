// Variables: named sets of items that templates are rendered from. The values of secrets arrive and stay sealed.
#pragma once

#include "base/time.hpp"
#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

// A variable travels as one record.
inline constexpr std::size_t kMaxVariableBytes = 24 * 1024;
inline constexpr std::size_t kMaxVariablePath = 128;
inline constexpr std::size_t kMaxVariableItems = 64;

// The variable's new version. Replaces every item. A `version` other than 0 has to be the recorded one: conflict
// otherwise. invalid: the path, an item's name or the size.
Result<std::uint64_t> put_variable(Draft& draft, const wire::VariableDesired& variable, Instant now);

// not_found: there is no such variable.
Result<void> remove_variable(Draft& draft, const std::string& path);

}  // namespace drover::store
