// An alloc-runner: the real brain with a process around it that dies, is cut off and forgets everything.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "alloc-runner/core/brain.hpp"
#include "world.hpp"

namespace drover::sim {

// Above most that tasks ask for.
inline constexpr Duration kMaxKillTimeout = milliseconds(400);

class Runner {
   public:
    Runner(World& world, std::string id, EdgesSeen& edges) : world_(world), id_(std::move(id)), edges_(edges) {}

    std::function<void(const std::string& node, const Mail&)> publish_commands;
    std::function<void(const Mail&)> publish_reports;

    bool up() const { return brain_.has_value(); }
    const std::string& id() const { return id_; }
    std::string boot() const { return id_ + "-" + std::to_string(epoch_); }
    bool has_unconfirmed() const { return reports_.any(); }

    void start();
    void crash();
    void leave();
    void hear_state(const Message& message);
    void hear_node(const Message& message);
    void repeat();

    // Its two ears.
    struct StateEar : Ear {
        explicit StateEar(Runner& r) : runner(r) {}
        void hear(const Message& message) override { runner.hear_state(message); }
        Runner& runner;
    } state_ear{*this};
    struct NodeEar : Ear {
        explicit NodeEar(Runner& r) : runner(r) {}
        void hear(const Message& message) override { runner.hear_node(message); }
        Runner& runner;
    } node_ear{*this};

   private:
    void settle();
    void forget(const std::string& key);
    void wake_later();
    std::size_t chunk();

    World& world_;
    std::string id_;
    EdgesSeen& edges_;
    std::uint64_t epoch_ = 0;
    std::optional<alloc_runner::Brain> brain_;
    std::map<std::string, Feed> commands_;  // by node
    Feed reports_;
    Position state_position_;
    std::map<std::string, Position> node_positions_;
    Instant waking_at_ = kNever;
};

}  // namespace drover::sim
