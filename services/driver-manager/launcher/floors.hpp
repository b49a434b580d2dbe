// The tombstones: per task the number up to which no incarnation may ever start, kept in
// <state_dir>/<alloc>/<task>/floor.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace drover::launcher {

class Floors {
   public:
    explicit Floors(std::string state_dir) : state_dir_(std::move(state_dir)) {}

    // Reads what is on disk; a damaged file is `corrupt`.
    Result<void> load(const std::string& alloc, const std::string& task);
    // Durable once it has returned; a lower number than the present one changes nothing.
    Result<void> raise(const std::string& alloc, const std::string& task, std::uint64_t seq);
    std::uint64_t of(const std::string& alloc, const std::string& task) const;
    void forget(const std::string& alloc, const std::string& task) { floors_.erase({alloc, task}); }

   private:
    std::string path(const std::string& alloc, const std::string& task) const;

    std::string state_dir_;
    std::map<std::pair<std::string, std::string>, std::uint64_t> floors_;
};

// Makes <state_dir>/<alloc>/<task> where it is missing, 0700.
Result<void> make_task_dir(const std::string& state_dir, const std::string& alloc, const std::string& task);

}  // namespace drover::launcher
