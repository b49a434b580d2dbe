// A machine: its processes and files live on, its driver-manager (the real inventory) comes and goes.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "driver-manager/core/inventory.hpp"
#include "history.hpp"
#include "world.hpp"

namespace drover::sim {

// How the processes of a simulation behave; percentages.
struct Manners {
    std::uint64_t fail_to_start = 10;
    std::uint64_t unrecoverable = 20;  // of those
    std::uint64_t end_by_themselves = 60;
    std::uint64_t end_well = 50;  // of those
    std::uint64_t ignore_signals = 15;
    std::uint64_t shim_dies = 3;
    std::uint64_t fail_to_fetch = 3;  // artifacts
    Duration start_max = milliseconds(40);
    Duration life_max = milliseconds(1500);
};

class Node : public Ear {
   public:
    Node(World& world, History& history, const Manners& manners, std::string id)
        : world_(world), history_(history), manners_(manners), id_(std::move(id)) {}

    const std::string& id() const { return id_; }

    // Called with every message of the driver-manager.
    std::function<void(const Mail&)> publish;
    // Called before a process is started; throws when it may not be.
    std::function<void(const driver_manager::TaskKey&, std::uint64_t seq)> on_launch;
    // Called before everything of a task is removed.
    std::function<void(const driver_manager::TaskKey&)> on_destroy;
    // What the task is for is done at some time: it ends well by itself, in calm times too.
    std::function<bool(const driver_manager::TaskKey&)> is_ephemeral;

    bool up() const { return inventory_ != nullptr; }
    void start();
    void crash();
    void hear(const Message& commands) override;
    void repeat();
    // From now on starts succeed, and processes that run stay, ephemeral ones until they are done.
    void calm();

    // The templates of every task that has been started come out differently.
    void change_templates(wire::ChangeMode mode);

    std::size_t live(const driver_manager::TaskKey& key) const;
    const wire::IncarnationObserved* incarnation(const driver_manager::TaskKey& key, std::uint64_t seq) const;
    // Of which something is there.
    std::vector<driver_manager::TaskKey> tasks() const;

   private:
    struct Shim {
        wire::IncarnationObserved state;
        std::string placed;
        bool stubborn = false;
        bool stopped = false;
    };
    struct TaskDir {
        std::uint64_t floor = 0;
        std::map<std::uint64_t, Shim> shims;
        std::optional<wire::RenderObserved> render;
    };
    using Key = driver_manager::TaskKey;

    void apply(const driver_manager::Decision& decision);
    void launch(const driver_manager::Action& action);
    void set_up(const Key& key, Shim& shim);
    void settle_start(const Key& key, std::uint64_t seq);
    void stop(const Key& key, Shim& shim, const driver_manager::Action& action);
    void run_pre_kill(const Key& key, std::uint64_t seq);
    void become_ready(const Key& key, std::uint64_t seq);
    void end(const Key& key, std::uint64_t seq, const wire::ExitRecord& exit);
    void end_after(Duration delay, const Key& key, std::uint64_t seq, const wire::ExitRecord& exit);
    void notify(const Key& key, std::uint64_t seq);
    void changed(const std::vector<Key>& keys);
    Shim* find(const Key& key, std::uint64_t seq);
    std::string name(const Key& key, std::uint64_t seq) const;

    World& world_;
    History& history_;
    const Manners& manners_;
    std::string id_;
    bool calm_ = false;
    std::map<Key, TaskDir> dirs_;
    std::uint64_t fence_ = 0;
    std::uint64_t epoch_ = 0;
    std::unique_ptr<driver_manager::Inventory> inventory_;
    Feed feed_;
    std::map<std::string, Position> positions_;
};

}  // namespace drover::sim
