// NodeHands: hands with real directories and processes.
#pragma once

#include <map>
#include <string>

#include "driver-manager/drivers/driver.hpp"
#include "driver-manager/launcher/launcher.hpp"
#include "driver-manager/shell/hands.hpp"
#include "rt/loop.hpp"

namespace drover::driver_manager {

struct NodePaths {
    std::string tasks;      // the launcher's state, 0700
    std::string allocs;     // the tasks' own directories
    std::string shim;       // program
    std::string mock_task;  // program; empty when not installed
};

class NodeHands : public Hands, private launcher::Listener {
   public:
    // At most `in_flight` tasks are starting at a time; further ones queue.
    NodeHands(rt::Loop& loop, NodePaths paths, std::string node, std::size_t in_flight);
    ~NodeHands() override;
    NodeHands(const NodeHands&) = delete;
    NodeHands& operator=(const NodeHands&) = delete;

    void listen(Heard heard) override { heard_ = std::move(heard); }
    Result<std::vector<Found>> adopt() override;
    Result<void> set_floor(const TaskKey& key, std::uint64_t seq) override;
    Result<void> launch(const wire::TaskCommand& command) override;
    void stop(const TaskKey& key, std::uint64_t seq, const std::string& signal, Duration timeout) override;
    Result<void> signal(const TaskKey& key, std::uint64_t seq, std::uint64_t order, const std::string& name) override;
    void release(const TaskKey& key, std::uint64_t seq) override;
    void destroy(const TaskKey& key) override;
    Result<wire::LogChunk> read_log(const wire::LogRead& read) override;

   private:
    void on_run(const launcher::RunKey& key, const wire::IncarnationObserved& state) override;

    NodePaths paths_;
    std::string node_;
    std::map<std::string, std::string> host_env_;
    Heard heard_;
    rt::Loop& loop_;
    rt::Token trash_timer_ = 0;
    launcher::Launcher launcher_;
};

// Whether each driver works on this node.
std::map<std::string, wire::DriverInfo> look_at_drivers(const NodePaths& paths);

}  // namespace drover::driver_manager
