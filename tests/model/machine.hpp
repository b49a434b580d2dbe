// A node: its processes and files live on, its driver-manager (the real inventory) comes and goes.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "driver-manager/core/inventory.hpp"
#include "news.hpp"

namespace drover::model {

// What a model can do without, to see what it is there for.
struct Without {
    bool fence = false;     // commands arrive as if their owner had never been deposed
    bool floor = false;     // a floor does not survive the driver-manager
    bool adoption = false;  // a new driver-manager does not look for what runs
};

class Machine {
   public:
    using Key = driver_manager::TaskKey;

    explicit Machine(Without without) : without_(without) { start(); }

    bool up() const { return inventory_.has_value(); }
    void die();
    void start();

    // What a step would do is worked out first: the driver-manager may die before it has done all of it.
    driver_manager::Decision decide(const wire::TaskCommand& command);
    // The driver-manager looks at the run.
    driver_manager::Decision look(const Key& key, std::uint64_t seq);
    void carry_out(const driver_manager::Action& action);

    struct Shim {
        wire::IncarnationObserved state;
        bool stopped = false;
        bool fresh = false;  // the driver-manager has not looked since it changed
    };
    struct Directory {
        std::uint64_t floor = 0;
        std::map<std::uint64_t, Shim> shims;
    };
    const std::map<Key, Directory>& directories() const { return directories_; }

    // What a shim does by itself.
    void run(const Key& key, std::uint64_t seq);
    void end(const Key& key, std::uint64_t seq, wire::RunPhase how, std::int32_t code);

    std::uint64_t fence() const { return fence_; }
    std::size_t live() const;
    // Of a run whose process ended; each of them, whatever became of its files.
    const std::set<std::string>& ended() const { return ended_; }
    const wire::TaskCommand* standing(const Key& key) const { return inventory_ ? inventory_->standing(key) : nullptr; }
    // The promise that was broken by what was done last; empty: none.
    const std::string& broken() const { return broken_; }

    NodeNews news() const;
    // The inventory shows what it stands for and what it says of its tasks; the rest is remembered here beside it. That
    // these bytes are enough is checked in every search (Table::twin).
    std::string bytes() const;

   private:
    struct Beside {
        std::uint64_t term = 0;      // of its standing command, as its owner said it
        std::uint64_t released = 0;  // the highest heard
        std::set<std::uint64_t> stops;
    };
    Shim& shim(const Key& key, std::uint64_t seq) { return directories_.at(key).shims.at(seq); }
    void launch(const driver_manager::Action& action);
    void obey();

    Without without_;
    std::map<Key, Directory> directories_;
    std::uint64_t fence_ = 0;
    std::uint64_t epoch_ = 0;
    std::optional<driver_manager::Inventory> inventory_;
    std::map<Key, Beside> beside_;

    // What has ever been, for the promises.
    std::uint64_t obeyed_ = 0;       // the highest term
    std::uint64_t hears_ = 0;        // the term of the command in hand
    std::uint64_t heard_fence_ = 0;  // of the inventory
    std::map<Key, std::uint64_t> promised_;
    std::set<std::string> launched_;
    std::set<std::string> ended_;
    std::string broken_;
};

}  // namespace drover::model
