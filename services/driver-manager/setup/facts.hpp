// Facts: what the driver-manager itself knows of an incarnation and its shim does not. Kept beside the shim's record,
// so that the next driver-manager says the same.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "wire/observed.hpp"

namespace drover::setup {

struct Facts {
    // Only steps, ready, pre_kill_done, pre_kill_error, last_output, ports, devices, driver_words and sessions.
    wire::IncarnationObserved told;
    std::uint64_t stdout_start = 0;  // of the task's whole output, where this incarnation's begins
    std::uint64_t stderr_start = 0;

    friend bool operator==(const Facts&, const Facts&) = default;
};

// Puts them into what the shim's record says.
void add_facts(const Facts& facts, wire::IncarnationObserved& state);

// `dir` is the incarnation's directory. What cannot be read counts as not told.
Facts load_facts(const std::string& dir);
Result<void> save_facts(const std::string& dir, const Facts& facts);

// TaskCommand::placed as the incarnation was started with it; empty: not to be had.
std::string load_placed(const std::string& dir);
Result<void> save_placed(const std::string& dir, const std::string& placed);

}  // namespace drover::setup
