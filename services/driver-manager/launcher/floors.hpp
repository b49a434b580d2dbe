// The tombstones: per task the number up to which no incarnation may ever start. All of them are lines of one journal,
// <state_dir>/.floors, of which the last one about a task counts: many tasks cost one write to the disk.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace drover::launcher {

class Floors {
   public:
    using Numbers = std::map<std::pair<std::string, std::string>, std::uint64_t>;  // by alloc and task

    explicit Floors(std::string state_dir) : state_dir_(std::move(state_dir)) {}

    // Reads what is on disk, once, before anything else. False when something of it was unreadable: what the lost lines
    // said is not known.
    Result<bool> load();
    // All of them are durable once it has returned, or none is known; a lower number than the present one changes
    // nothing.
    Result<void> raise(const Numbers& wanted);
    const Numbers& all() const { return floors_; }
    std::uint64_t of(const std::string& alloc, const std::string& task) const;
    // Durable only with the next raise; a task whose floor comes back is one that has to be destroyed again.
    void forget(const std::string& alloc, const std::string& task);

   private:
    std::string path() const { return state_dir_ + "/.floors"; }
    bool take_line(std::string_view line);
    Result<void> append(const std::string& lines);
    Result<void> rewrite(const Numbers& floors);

    std::string state_dir_;
    Numbers floors_;
    UniqueFd journal_;       // invalid: it has to be written anew before anything is added
    std::size_t lines_ = 0;  // of the journal
};

// Makes <state_dir>/<alloc>/<task> where it is missing, 0700.
Result<void> make_task_dir(const std::string& state_dir, const std::string& alloc, const std::string& task);

}  // namespace drover::launcher
