// SinkDesk: has what tasks write sent to the daemons that their logs name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "driver-manager/core/inventory.hpp"
#include "driver-manager/launcher/log_gauge.hpp"
#include "driver-manager/sinks/course.hpp"
#include "rt/loop.hpp"

namespace drover::driver_manager {

class SinkDesk {
   public:
    struct Paths {
        std::string tasks;   // the launcher's state: what was sent is remembered in <alloc>/<task>/sinks
        std::string allocs;  // the tasks' own directories
        std::string syslog;  // sockets
        std::string journal;
    };

    SinkDesk(rt::Loop& loop, const Inventory& inventory, Paths paths);
    ~SinkDesk();
    SinkDesk(const SinkDesk&) = delete;
    SinkDesk& operator=(const SinkDesk&) = delete;

    // Once.
    void start();

    // Bytes of the task's output that were removed before a sink took them, over all its sinks.
    std::uint64_t dropped(const TaskKey& key) const;

    // Whether the daemons that are wanted take what they are sent, as attributes of the node.
    void describe(wire::NodeObserved& node) const;

    static constexpr Duration kIdle = milliseconds(500);
    static constexpr Duration kBusy = milliseconds(5);  // a sink takes no more for now
    static constexpr Duration kSave = seconds(1);

   private:
    struct Task {
        Task(std::string log_dir, const TaskKey& key) : logs(log_dir), gauge(std::move(log_dir), key.task) {}
        std::string logs;  // directory
        launcher::LogGauge gauge;
        std::vector<sinks::Course> courses;
        sinks::Memory saved;
        Instant saved_at;
    };

    void round();
    void look_for_tasks();
    void open(const TaskKey& key, const std::string& job, const std::vector<wire::LogSink>& wanted);
    sinks::Course::Rest send(const TaskKey& key, Task& task);
    void save(const TaskKey& key, Task& task);
    std::string file(const TaskKey& key) const;

    rt::Loop& loop_;
    const Inventory& inventory_;
    Paths paths_;
    std::map<wire::LogSink, sinks::Outlet> outlets_;
    std::map<TaskKey, Task> tasks_;
    TaskKey served_;             // last
    std::uint64_t blocked_ = 0;  // rounds in a row in which no sink took anything
    Instant looked_at_;
    std::uint64_t known_ = 0;  // commands that the inventory had accepted then
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
