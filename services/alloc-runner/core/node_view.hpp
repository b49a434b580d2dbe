// What one node has said about its tasks, and what its silence means.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "wire/observed.hpp"

namespace drover::alloc_runner {

using TaskKey = std::pair<std::string, std::string>;  // alloc, task

class NodeView {
   public:
    // The node's numbering has begun anew: until it is complete again, what is missing may only be late.
    void reset();
    void hear(const TaskKey& key, const wire::TaskObserved& observed);
    void erase(const TaskKey& key);
    // Everything that exists has been heard. Returns the tasks that are gone.
    std::set<TaskKey> complete();

    bool whole() const { return whole_; }
    const wire::TaskObserved* find(const TaskKey& key) const;
    const std::map<TaskKey, wire::TaskObserved>& tasks() const { return tasks_; }

   private:
    bool whole_ = false;
    std::map<TaskKey, wire::TaskObserved> tasks_;
    std::set<TaskKey> unheard_;  // known from before the reset, not heard of since
};

}  // namespace drover::alloc_runner
