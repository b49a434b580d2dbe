// What was done is not done again, whatever is moved, removed or restarted in between.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "world.hpp"

namespace drover::sim {

class Work {
   public:
    explicit Work(World& world) : world_(world) {}

    // An alloc is recorded.
    void begin(const wire::AllocDesired& alloc, const wire::JobDesired& job) const;
    // The status of an alloc is recorded.
    void hear(const wire::AllocDesired& alloc, const wire::AllocStatus& status, const wire::JobDesired& job);
    // The job is about to be submitted again.
    void replace(const wire::JobDesired& before, const wire::JobSpec& after);
    // The job is about to be stopped.
    void forget(const std::string& job);

   private:
    using Place = std::pair<std::string, std::uint32_t>;  // job, index

    World& world_;
    std::map<Place, std::string> done_;  // by which alloc
};

}  // namespace drover::sim
