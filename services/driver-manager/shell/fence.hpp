// The node's fence: the highest term in which it was ever told what to do, kept in one file. An alloc-runner of a lower
// one was cut off from the others, and must not be obeyed even if this process does not live to refuse it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace drover::driver_manager {

class Fence {
   public:
    explicit Fence(std::string path) : path_(std::move(path)) {}

    // What the file says; 0 without one. A damaged one is set aside as <path>.damaged, and is as good as none.
    Result<std::uint64_t> load();
    // Durable once it has returned; a lower term than the present one changes nothing.
    Result<void> raise(std::uint64_t term);

   private:
    std::string path_;
    std::uint64_t term_ = 0;
};

}  // namespace drover::driver_manager
