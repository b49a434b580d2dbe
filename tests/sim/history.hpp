// What really happened against what was told: the truth of every process, the recorded events, and the promises that
// tie them together.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "wire/desired.hpp"
#include "wire/status.hpp"
#include "world.hpp"

namespace drover::sim {

using TaskKey = std::pair<std::string, std::string>;  // alloc, task

// One incarnation, as the machine knows it.
struct Truth {
    bool ran = false;
    bool ended = false;
    wire::ExitRecord exit;
    Instant stop_asked;  // first sight of a stop, if any
    Duration kill_timeout;
};

class History {
   public:
    explicit History(World& world) : world_(world) {}

    // The store has committed this event.
    void record(const wire::AllocDesired& alloc, const wire::TaskEvent& event);
    std::uint64_t recorded(const TaskKey& key) const;
    // The store has it already: it must be the same.
    void recheck(const wire::TaskEvent& event) const;

    Truth& truth(const TaskKey& key, const std::string& incarnation) { return truths_[key][incarnation]; }

    bool any(const TaskKey& key, const std::function<bool(const Truth&)>& what) const;

    // Every process that ran has one Started and one Terminated with its own code and signal, no other has any.
    void check_complete() const;

   private:
    enum class Told { nothing, received, ready, up, down, over };
    struct Line {
        std::vector<wire::TaskEvent> events;
        Told told = Told::nothing;
        bool was_set_up = false;
        bool killing = false;
        bool cause = false;  // of a Killing that has to follow
        std::uint32_t counted = 0;
        std::string act_error;  // told last
    };

    void follow(Line& line, const wire::AllocDesired& alloc, const wire::TaskEvent& event);
    void expect(bool promise, const Line& line, const std::string& what) const;

    World& world_;
    std::map<TaskKey, Line> lines_;
    std::map<TaskKey, std::map<std::string, Truth>> truths_;
};

std::string print(const wire::TaskEvent& event);

}  // namespace drover::sim
