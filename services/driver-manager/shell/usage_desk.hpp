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
        wire::TaskUsage by_word;  // the last sample that a driver's word was
        std::uint64_t said = 0;   // samples, of all its runs
        unsigned looks = 0;
        std::uint64_t round = 0;  // in which it ran
    };

    void look();
    void measure(stats::Rhythm::Due what);
    std::vector<stats::RunningTask> running(bool all);
    Sight& sight(const TaskKey& key, const std::string& job, const wire::IncarnationObserved& run);
    void look_beside(Sight& sight) const;
    void say(Sight& sight, wire::TaskUsage usage);
    void say_node(const std::vector<stats::RunningTask>& tasks, std::size_t processes);
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
    stats::Meter meter_;
    stats::Tolls tolls_;
    const Instant began_at_ = loop_.now();
    os::ProcTable procs_;
    std::map<TaskKey, std::unique_ptr<Sight>> sights_;
    wire::NodeUsage before_;
    std::uint64_t said_ = 0;  // of the node
    std::uint64_t round_ = 0;
    std::vector<wire::TaskUsage> round_usages_;  // that were said in it
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
