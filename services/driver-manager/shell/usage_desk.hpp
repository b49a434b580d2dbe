// UsageDesk: measures what the running tasks and the node as a whole use, and says it to whoever listens.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "bus/exchange.hpp"
#include "driver-manager/core/inventory.hpp"
#include "driver-manager/launcher/log_gauge.hpp"
#include "driver-manager/shell/sink_desk.hpp"
#include "driver-manager/stats/meter.hpp"
#include "driver-manager/stats/rhythm.hpp"
#include "driver-manager/stats/tolls.hpp"
#include "os/mounts.hpp"
#include "os/proc_table.hpp"
#include "rt/loop.hpp"
#include "wire/driver.hpp"

namespace drover::driver_manager {

class UsageDesk {
   public:
    // What a driver says of its task with this id, which it knows better than /proc; null: nothing.
    using Told = std::function<const wire::DriverTaskUsage*(const std::string& driver, const std::string& id)>;

    // `allocs` holds the tasks' own directories.
    UsageDesk(rt::Loop& loop, bus::Exchange& exchange, const Inventory& inventory, const SinkDesk& sinks,
              std::string node, std::string allocs, Told told);
    ~UsageDesk();
    UsageDesk(const UsageDesk&) = delete;
    UsageDesk& operator=(const UsageDesk&) = delete;

    // Once.
    void start();

    void measure(metrics::Page& page) const { tolls_.measure(page); }

   private:
    // What is looked at beside a task's processes, kept open.
    struct Gauges {
        Gauges(std::uint64_t run, launcher::LogGauge gauge) : seq(run), output(std::move(gauge)) {}
        std::uint64_t seq;
        launcher::LogGauge output;
        UniqueFd memory;  // memory.stat of its own group
    };

    void look();
    void measure();
    std::vector<stats::RunningTask> running();
    void look_beside(stats::RunningTask& task, std::map<TaskKey, std::unique_ptr<Gauges>>& kept);
    void say_node(const std::vector<stats::RunningTask>& tasks, std::size_t processes);
    std::map<TaskKey, stats::KnownTask> known() const;
    std::vector<wire::TaskUsage> all_told(Instant now, std::vector<wire::TaskUsage> measured);

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    const Inventory& inventory_;
    const SinkDesk& sinks_;
    std::string node_;
    std::string allocs_;
    Told told_;
    const std::vector<os::Mount> mounts_;
    stats::Rhythm rhythm_;
    stats::Meter meter_;
    stats::Tolls tolls_;
    const Instant began_at_ = loop_.now();
    os::ProcTable procs_;
    std::map<TaskKey, std::unique_ptr<Gauges>> gauges_;
    std::map<TaskKey, wire::TaskUsage> words_before_;  // by the word of drivers
    std::map<TaskKey, std::uint64_t> tasks_said_;      // how often
    wire::NodeUsage before_;
    std::uint64_t said_ = 0;  // of the node
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
