// NodeHands: hands with real directories and processes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "driver-manager/allocdir/sweeper.hpp"
#include "driver-manager/devices/manager.hpp"
#include "driver-manager/drivers/driver.hpp"
#include "driver-manager/drivers/policy.hpp"
#include "driver-manager/fingerprint/runtime.hpp"
#include "driver-manager/launcher/launcher.hpp"
#include "driver-manager/setup/artifacts.hpp"
#include "driver-manager/setup/children.hpp"
#include "driver-manager/setup/facts.hpp"
#include "driver-manager/setup/probes.hpp"
#include "driver-manager/setup/setups.hpp"
#include "driver-manager/shell/admission.hpp"
#include "driver-manager/shell/fence.hpp"
#include "driver-manager/shell/hands.hpp"
#include "driver-manager/shell/session_desk.hpp"
#include "driver-manager/templates/keeper.hpp"
#include "os/cgroup.hpp"
#include "rt/loop.hpp"

namespace drover::driver_manager {

struct NodePaths {
    std::string tasks;               // the launcher's state, 0700
    std::string allocs;              // the tasks' own directories
    std::string shim;                // program
    std::string mock_task;           // program; need not be installed
    std::vector<std::string> fetch;  // the words that start it; none when not installed
    std::string runtime{};           // program; empty: crun, wherever it is
    std::string docker{};            // program; empty when not installed
    std::string external{};          // program; empty when not installed
    std::string session{};           // program; empty when not installed
    bool container = false;          // we run in one, on the machine's root (host_root.hpp), and tasks must outlive it
};

class NodeHands : public Hands, public SessionHost, private launcher::Listener, private setup::SetupListener {
   public:
    struct Limits {
        std::size_t starts_in_flight = 8;  // further ones queue
        std::size_t setups = 16;           // at a time; further ones queue
        setup::FetchLimits fetch;
        Duration dirs_period = seconds(10);  // between looks whether running tasks have their directories
        std::string secrets_key{};           // opens secrets; empty: there is none
        drivers::Policy drivers{};
        std::vector<std::string> host_dirs{};     // that isolated tasks see; empty: those with programs and libraries
        std::vector<std::string> capabilities{};  // that isolated tasks may have; empty: the default ones
        drivers::DockerNode docker{};
        PortRange ports{};
        drivers::ExternalNode external{};
    };
    using Plugins = std::vector<std::unique_ptr<devices::Plugin>>;

    NodeHands(rt::Loop& loop, NodePaths paths, std::string node, const Limits& limits, Plugins devices = {});
    ~NodeHands() override;
    NodeHands(const NodeHands&) = delete;
    NodeHands& operator=(const NodeHands&) = delete;

    // Whether the secrets of tasks are kept in memory only.
    bool hides_secrets() const { return secrets_in_memory_; }

    // What drivers may want to know, as it is now.
    drivers::HostFacts host_facts();

    // What there is to isolate and limit tasks with, as attributes of the node.
    void describe_isolation(wire::NodeObserved& node) const;

    // The devices that there are now.
    void describe_devices(wire::NodeObserved& node);
    devices::Manager& devices() { return devices_; }

    // What tasks may refer to as ${attr.*} and ${node.unique.name} from now on, and what there is to give to them.
    void describe_node(const wire::NodeObserved& node);

    // What its driver wants to be known of a start; what was said before is not said again.
    void driver_said(const TaskKey& key, std::uint64_t seq, Instant at, const std::string& message);

    // Called when a task has its driver break, with the driver's name and why.
    void on_driver_break(std::function<void(const std::string&, const std::string&)> hook) {
        breaks_ = std::move(hook);
    }

    // For what the state-store says of variables.
    templates::Variables& variables() { return variables_; }
    templates::Keeper& keeper() { return keeper_; }

    void listen(Heard heard) override { heard_ = std::move(heard); }
    void listen_renders(HeardRender heard) override { heard_render_ = std::move(heard); }
    Result<std::vector<Found>> adopt() override;
    Result<void> set_floors(const std::map<TaskKey, std::uint64_t>& floors) override;
    Result<std::uint64_t> fence() override { return fence_.load(); }
    Result<void> set_fence(std::uint64_t term) override { return fence_.raise(term); }
    Result<void> launch(const wire::TaskCommand& command) override;
    void probe(const wire::TaskCommand& command) override;
    void pre_kill(const wire::TaskCommand& command) override;
    void stop(const TaskKey& key, std::uint64_t seq, const std::string& signal, Duration timeout) override;
    Result<void> signal(const TaskKey& key, std::uint64_t seq, std::uint64_t order, const std::string& name) override;
    void keep_templates(const wire::TaskCommand& command) override;
    void assume(const wire::TaskCommand& command) override { admission_.assume(command); }
    void give_back(const TaskKey& key) override { admission_.give_back(key); }
    void release(const TaskKey& key, std::uint64_t seq) override;
    std::string recall(const TaskKey& key, std::uint64_t seq) override;
    void destroy(const TaskKey& key) override;
    Result<wire::LogChunk> read_log(const wire::LogRead& read) override;
    LogEnds log_ends(const TaskKey& key) override;

    // node_sessions.cpp
    Result<launcher::RunKey> find_run(const TaskKey& task) override;
    std::string run_dir(const launcher::RunKey& run) override;
    Result<void> begin_session(const launcher::RunKey& run, const wire::SessionDesired& session) override;
    void end_session(const launcher::RunKey& run, const std::string& session, std::int32_t code,
                     const std::string& error) override;
    // `ended` gets each run that has ended.
    void listen_ends(std::function<void(const launcher::RunKey&)> ended) { ended_ = std::move(ended); }

   private:
    // What is said of an incarnation: its shim's record, or its setup before there is one, and our own facts.
    struct Run {
        wire::IncarnationObserved seen;
        setup::Facts facts;
        setup::Facts saved;
        std::optional<wire::IncarnationObserved> said;
        bool probed = true;  // as far as is known
        setup::Children::Id script = 0;
        std::string directory_gone{};
        std::string placed{};  // until it is saved
    };

    void on_run(const launcher::RunKey& key, const wire::IncarnationObserved& state) override;
    void on_queued(const launcher::RunKey& key) override;
    void on_told(const launcher::RunKey& key, const std::string& message) override;
    void on_setup(const launcher::RunKey& key, const SetupCourse& setup) override;
    void on_set_up(const launcher::RunKey& key, const setup::Site& place, const SetupCourse& setup) override;

    void look_what_may_be_mounted();
    bool mounts_outlive_us() const;
    void look_what_ends_trees() const;
    drivers::Isolator isolator() const;
    Result<void> permit(const wire::TaskSpec& spec) const;
    void look_for_dirs();
    static Result<void> set_strays_aside(const std::string& root);
    Result<void> build_dirs(const wire::TaskCommand& command);
    Result<void> grant(const wire::TaskCommand& command, drivers::TaskContext& context);
    void tell_grant(const setup::Site& place);
    setup::Setups::Makers step_makers();
    setup::Site site_of(const wire::TaskCommand& command);
    void start(const launcher::RunKey& key, const setup::Site& place);
    void say(const launcher::RunKey& key);
    void flush();
    void save(const launcher::RunKey& key, Run& run);
    templates::KeeperHooks template_hooks();
    void template_signal(const setup::Site& site, const std::string& name);
    void template_script(const setup::Site& site, const wire::Template& changed);
    void pre_kill_over(const launcher::RunKey& key, const Result<void>& result);
    void collect_last_output(const launcher::RunKey& key, Run& run);

    NodePaths paths_;
    std::string node_;
    wire::NodeObserved described_;
    std::map<std::string, std::string> host_env_;
    Heard heard_;
    HeardRender heard_render_;
    std::function<void(const launcher::RunKey&)> ended_;
    rt::Loop& loop_;
    rt::Token trash_timer_ = 0;
    rt::Token next_flush_ = 0;
    rt::Token dirs_timer_ = 0;
    std::function<void(const std::string&, const std::string&)> breaks_;
    std::map<launcher::RunKey, rt::Token> break_timers_;
    Duration dirs_period_;
    std::map<launcher::RunKey, Run> runs_;
    std::set<launcher::RunKey> changed_;  // what has to be said
    allocdir::Sweeper sweeper_;
    launcher::Launcher launcher_;
    Fence fence_;
    setup::Children children_;
    setup::Probes probes_;
    setup::FetchLimits fetch_limits_;
    drivers::Policy policy_;
    drivers::DockerNode docker_;
    bool may_mount_ = false;
    drivers::ExternalNode external_;
    bool secrets_in_memory_ = false;
    const os::Cgroups cgroups_;
    fingerprint::Runtime runtime_;
    std::vector<std::string> host_dirs_;
    std::vector<std::string> capabilities_;
    devices::Manager devices_;
    Admission admission_;
    templates::Variables variables_;
    templates::Keeper keeper_;
    setup::Setups setups_;
};

}  // namespace drover::driver_manager
