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
    // What is kept of a task that runs from one measurement to the next; files stay open.
    struct Sight {
        Sight(std::uint64_t run, std::string name, launcher::LogGauge gauge)
            : seq(run), key(std::move(name)), output(std::move(gauge)) {}
        std::uint64_t seq;
        std::string key;  // of the topic
        launcher::LogGauge output;
        UniqueFd memory;  // memory.stat of its own group
        stats::RunningTask task;
        stats::Meter meter;
        const wire::DriverTaskUsage* word = nullptr;  // its driver's, in this round
        wire::TaskUsage by_word;                      // the last sample that was made of one
        std::uint64_t cache = 0;
        std::uint64_t log_bytes = 0;
        std::uint64_t lost_bytes = 0;     // of its output by its shim
        std::uint64_t dropped_bytes = 0;  // by its sinks
        bool rested = false;              // when its output was counted last
        std::uint64_t said = 0;           // samples, of all its runs
        unsigned looks = 0;
        std::uint64_t round = 0;  // in which it ran
    };

    void look();
    void measure(stats::Rhythm::Due what);
    std::vector<Sight*> find_due(bool all);
    Sight& sight(const TaskKey& key, const std::string& job, const wire::IncarnationObserved& run);
    void look_beside(Sight& sight) const;
    // Measures and says them.
    std::vector<wire::TaskUsage> measure_tasks(Instant now, const std::vector<os::ProcStat>& procs,
                                               const std::vector<Sight*>& due);
    std::optional<wire::TaskUsage> measure_task(Instant now, const stats::Tree& tree, Sight& sight);
    void say_node(std::size_t processes);
    std::map<TaskKey, stats::KnownTask> known() const;

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    const Inventory& inventory_;
    const SinkDesk& sinks_;
    std::string node_;
    std::string allocs_;
    Told told_;
    const std::vector<os::Mount> mounts_;
    stats::Rhythm rhythm_;
    stats::Tolls tolls_;
    const Instant began_at_ = loop_.now();
    os::ProcTable procs_;
    std::map<TaskKey, std::unique_ptr<Sight>> sights_;
    wire::NodeUsage before_;
    std::uint64_t said_ = 0;  // of the node
    std::uint64_t round_ = 0;
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
