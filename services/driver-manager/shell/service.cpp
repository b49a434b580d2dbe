#include "driver-manager/shell/service.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/hash.hpp"
#include "bus/peer_list.hpp"
#include "driver-manager/core/driver_events.hpp"
#include "driver-manager/core/phases.hpp"
#include "driver-manager/devices/mock.hpp"
#include "driver-manager/devices/nvidia.hpp"
#include "driver-manager/drivers/capabilities.hpp"
#include "driver-manager/fingerprint/fingerprint.hpp"
#include "driver-manager/fingerprint/storage.hpp"
#include "driver-manager/instances/instances.hpp"
#include "driver-manager/shell/agent.hpp"
#include "driver-manager/shell/beacon.hpp"
#include "driver-manager/shell/device_desk.hpp"
#include "driver-manager/shell/docker_watch.hpp"
#include "driver-manager/shell/log_desk.hpp"
#include "driver-manager/shell/log_pump.hpp"
#include "driver-manager/shell/node_hands.hpp"
#include "driver-manager/shell/node_id.hpp"
#include "driver-manager/shell/programs.hpp"
#include "driver-manager/shell/session_desk.hpp"
#include "driver-manager/shell/sink_desk.hpp"
#include "driver-manager/shell/usage_desk.hpp"
#include "driver-manager/shell/variable_feed.hpp"
#include "host/bus_link.hpp"
#include "host/keys.hpp"
#include "host/log.hpp"
#include "host/metrics_server.hpp"
#include "os/file_lock.hpp"
#include "os/files.hpp"
#include "secret/key_files.hpp"

namespace drover::driver_manager {
namespace {

constexpr Duration kFarewell = milliseconds(50);  // for the last vector to leave the process
constexpr Duration kFirstLook = seconds(3);       // that drivers get to say how they are before the node says it

Result<bool> is_allowed(const std::string& option, const std::string& value) {
    if (value == "allow" || value == "refuse") return value == "allow";
    return fail(ErrorKind::invalid, "option " + option + " has to be allow or refuse, not \"" + value + "\"");
}

Result<NodeHands::Limits> limits_of(const Config& config, const NodePaths& paths, const Programs& programs) {
    NodeHands::Limits limits;
    limits.external.program = paths.external;
    for (const auto& [name, program] : programs.paths) limits.external.homes[name] = homes_of(config) + "/" + name;
    limits.docker = {.program = paths.docker,
                     .socket = config.docker_socket,
                     .volumes = config.docker_volumes,
                     .privileged = config.docker_privileged,
                     .auth_file = config.docker_auth_file};
    const auto ports = parse_port_range(config.dynamic_ports);
    if (!ports) return tl::unexpected(ports.error());
    limits.ports = *ports;
    limits.starts_in_flight = static_cast<std::size_t>(std::max<std::int64_t>(1, config.starts_in_flight));
    limits.fetch.time = config.artifact_timeout;
    limits.fetch.bytes = config.artifact_max_size.bytes;
    const auto raw_exec_root = is_allowed("raw_exec_root", config.raw_exec_root);
    if (!raw_exec_root) return tl::unexpected(raw_exec_root.error());
    const auto host_files = is_allowed("template_host_files", config.template_host_files);
    if (!host_files) return tl::unexpected(host_files.error());
    limits.drivers = {.allow = config.drivers_allow,
                      .block = config.drivers_block,
                      .raw_exec_root = *raw_exec_root,
                      .host_files = *host_files};
    for (const std::string& name : config.exec_capabilities) {
        const auto known = drivers::capability(name);
        if (!known)
            return fail(ErrorKind::invalid, "option exec_capabilities cannot be used: " + known.error().message);
        limits.capabilities.push_back(*known);
    }
    limits.host_dirs = config.exec_host_dirs;
    if (const auto good = drivers::check(limits.drivers, programs.paths); !good) return tl::unexpected(good.error());
    if (config.secrets_private_key_file.empty()) return limits;
    auto key = secret::read_private_key(config.secrets_private_key_file);
    if (!key) return tl::unexpected(key.error());
    limits.secrets_key = std::move(*key);
    return limits;
}

// Tasks that run as other users work below the data directory; what is not theirs has modes of its own.
Result<void> let_tasks_pass(const Config& config) {
    if (::geteuid() != 0) return {};
    std::vector<std::string> dirs = {config.data_dir};
    if (config.numbered) dirs = {config.data_dir, config.data_dir + "/..", config.data_dir + "/../.."};
    for (const std::string& dir : dirs)
        if (::chmod(dir.c_str(), 0711) != 0) return fail_errno("cannot let tasks pass through " + dir, errno);
    return {};
}

Result<NodeHands::Plugins> device_plugins(const Config& config) {
    NodeHands::Plugins plugins;
    plugins.push_back(std::make_unique<devices::Nvidia>());
    if (config.mock_devices.empty()) return plugins;
    auto mocked = devices::Mock::parse(config.mock_devices);
    if (!mocked) return fail(ErrorKind::invalid, "option mock_devices cannot be used: " + mocked.error().message);
    plugins.push_back(std::make_unique<devices::Mock>(std::move(*mocked)));
    return plugins;
}

fingerprint::Wishes wishes_of(const Config& config) {
    return {config.reserved_cpu, config.reserved_memory.bytes, config.network_interface};
}

SessionDesk::Limits session_limits(const Config& config, const NodePaths& paths) {
    return {.program = paths.session,
            .sessions = static_cast<std::size_t>(std::max<std::int64_t>(0, config.sessions_max)),
            .idle = config.session_idle_timeout};
}

class DriverManager : public host::Service {
   public:
    DriverManager(host::Host& host, const Config& config, UniqueFd lock, std::unique_ptr<bus::ZmqTransport> transport,
                  const NodePaths& paths, const Programs& programs, const NodeHands::Limits& limits,
                  NodeHands::Plugins devices, const std::string& node)
        : config_(config),
          lock_(std::move(lock)),
          loop_(host.loop()),
          transport_(std::move(transport)),
          boot_(random_hex(16)),
          exchange_(loop_, *transport_, {node, "driver-manager", boot_}),
          peers_(exchange_, *transport_),
          hands_(loop_, paths, node, limits, std::move(devices)),
          agent_(loop_, exchange_, hands_, node, stable_hash(boot_)),
          variables_(loop_, exchange_, hands_.variables(), hands_.keeper()),
          desk_(exchange_, hands_, node, stable_hash(boot_)),
          sessions_(loop_, exchange_, hands_, session_limits(config, paths), node, stable_hash(boot_)),
          pump_(loop_, exchange_, agent_.inventory(), hands_, node),
          sinks_(loop_, agent_.inventory(), {paths.tasks, paths.allocs, config.syslog_socket, config.journal_socket}),
          usage_(loop_, exchange_, agent_.inventory(), sinks_, node, paths.allocs,
                 [this](const std::string& driver, const std::string& id) { return instances_.usage(driver, id); }),
          device_usage_(loop_, exchange_, hands_.devices(), node),
          docker_(loop_, {paths.docker, config.docker_socket, node, paths.tasks, config.fingerprint_interval},
                  [this] { look_again(); }),
          instances_(loop_,
                     {.programs = programs.paths,
                      .homes = homes_of(config),
                      .launcher = paths.external,
                      .env = environment_of_drivers(),
                      .policy = limits.drivers,
                      .period = config.fingerprint_interval},
                     {[this] { look_again(); }, [this](const wire::DriverEvent& event) { driver_said(event); },
                      [](const std::string& what) { log::info(what, {}); }}),
          beacon_(
              loop_, exchange_, stable_hash(boot_), config.fingerprint_interval,
              [this, allocs = paths.allocs, node, data = config.data_dir,
               machine = fingerprint::Machine(wishes_of(config)), storage = fingerprint::StorageTeller()]() mutable {
                  drivers::HostFacts facts = hands_.host_facts();
                  docker_.tell(facts);
                  facts.mock_down = mock_is_down();
                  wire::NodeObserved seen = machine.observe(node, instances_.look(facts));
                  instances_.add_attributes(seen.attributes);
                  if (!facts.docker_version.empty()) seen.attributes["driver.docker.version"] = facts.docker_version;
                  // Until the first task starts there is only the data directory.
                  auto use = fingerprint::look_at_storage(allocs);
                  storage.tell(use ? use : fingerprint::look_at_storage(data), seen);
                  seen.attributes["drover.version"] = host::version();
                  if (config_.numbered) seen.attributes["drover.slot"] = data.substr(data.rfind('/') + 1);
                  seen.attributes["storage.secrets"] = hands_.hides_secrets() ? "memory" : "disk";
                  hands_.describe_isolation(seen);
                  hands_.describe_devices(seen);
                  sinks_.describe(seen);
                  hands_.describe_node(seen);
                  return seen;
              }) {}

    ~DriverManager() override {
        loop_.cancel(first_look_);
        loop_.cancel(mock_timer_);
    }

    Result<void> begin() {
        if (const auto started = agent_.start(); !started) return started;
        variables_.start();
        desk_.start();
        pump_.start();
        sinks_.start();
        hands_.listen_ends([this](const launcher::RunKey& run) { sessions_.run_ended(run); });
        sessions_.start();
        usage_.start();
        device_usage_.start();
        docker_.start();
        hands_.on_driver_break([this](const auto& driver, const auto& why) { instances_.broke(driver, why); });
        instances_.start();
        play_mock();
        // What is said of drivers that nobody has heard of yet would be taken for their state.
        first_look_ = loop_.at(loop_.now() + kFirstLook, [this] {
            looked_ = true;
            look_again();
        });
        look_again();
        return {};
    }

    // Whoever starts next finds the tasks, or how they ended, and the drivers that have any.
    void stop(std::function<void()> done) override {
        if (config_.stop_tasks) agent_.end_all();
        instances_.leave([this](const std::string& driver) { return has_tasks(driver); });
        exchange_.leave();
        loop_.at(loop_.now() + kFarewell, std::move(done));
    }

    void reload() override { host::reload_keys(*transport_, config_); }

    void measure(metrics::Page& page) const override {
        host::measure_bus(page, exchange_);
        agent_.measure(page);
        usage_.measure(page);
    }

   private:
    void look_again() {
        const bool first = !looked_;
        looked_ = looked_ || (instances_.known() && docker_.known());
        if (looked_) first ? beacon_.look_now() : beacon_.look_soon();
    }

    // Of the time since the start, the part of a round of working and playing dead.
    Duration mock_round() const {
        const Duration round = config_.mock_shutdown_periodic_after + config_.mock_shutdown_periodic_duration;
        return {(loop_.now() - started_at_).ns % round.ns};
    }

    bool mock_is_down() const {
        const Duration after = config_.mock_shutdown_periodic_after;
        return after.ns > 0 && mock_round() >= after;
    }

    void play_mock() {
        const Duration after = config_.mock_shutdown_periodic_after;
        if (after.ns <= 0) return;
        const Duration end = mock_is_down() ? after + config_.mock_shutdown_periodic_duration : after;
        mock_timer_ = loop_.at(loop_.now() + (end - mock_round()), [this] {
            look_again();
            play_mock();
        });
    }

    void driver_said(const wire::DriverEvent& event) {
        const auto seq = route(agent_.inventory(), event);
        if (seq) return hands_.driver_said({event.alloc, event.task}, *seq, event.at, event.message);
        // The first of a burst is worth a line; the rest is counted.
        if (unrouted_++ % 100 == 0)
            log::warn("a driver speaks of what nobody knows", {{"why", seq.error()}, {"unrouted", unrouted_}});
    }

    bool has_tasks(const std::string& driver) const {
        const Inventory& inventory = agent_.inventory();
        for (const TaskKey& key : inventory.tasks()) {
            const wire::TaskCommand* command = inventory.standing(key);
            const auto observed = inventory.observed(key);
            if (!observed || (command != nullptr && command->spec.driver != driver)) continue;
            for (const wire::IncarnationObserved& run : observed->incarnations)
                if (is_live(run.phase)) return true;
        }
        return false;
    }

    const Config config_;
    UniqueFd lock_;
    rt::Loop& loop_;
    std::unique_ptr<bus::ZmqTransport> transport_;
    std::string boot_;
    bus::Exchange exchange_;
    bus::PeerBook peers_;
    NodeHands hands_;
    Agent agent_;
    VariableFeed variables_;
    LogDesk desk_;
    SessionDesk sessions_;
    LogPump pump_;
    SinkDesk sinks_;
    UsageDesk usage_;
    DeviceDesk device_usage_;
    DockerWatch docker_;
    Instances instances_;
    Beacon beacon_;
    rt::Token first_look_ = 0;
    rt::Token mock_timer_ = 0;
    const Instant started_at_ = loop_.now();
    bool looked_ = false;  // the node has said, or may say, how its drivers are
    std::uint64_t unrouted_ = 0;
};

}  // namespace

Result<void> enter(Config& config) {
    if (config.host_root.empty()) return {};
    auto container = enter_host(config.host_root);
    if (!container) return tl::unexpected(container.error());
    for (std::string* path : {&config.run_dir, &config.curve_public_key_file, &config.curve_secret_key_file,
                              &config.curve_peers_file, &config.secrets_private_key_file})
        if (!path->empty()) *path = container->root + *path;
    for (std::string& peer : config.peers)
        if (const std::size_t at = peer.find(host::kKeyFile); at != std::string::npos)
            peer.insert(at + host::kKeyFile.size(), container->root);
    config.container = std::move(*container);
    return {};
}

Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config) {
    auto lock = os::lock_data_dir(config.data_dir, "driver-manager");
    if (!lock) return tl::unexpected(lock.error());
    if (const auto open = let_tasks_pass(config); !open) return tl::unexpected(open.error());
    const bool named = !config.numbered && config.id != "driver-manager-0";
    const auto node = node_id(config.data_dir, named ? config.id : std::string());
    if (!node) return tl::unexpected(node.error());
    if (named && config.id != *node)
        log::warn("this node keeps the id it was given first", {{"id", *node}, {"asked_for", config.id}});
    const auto paths = find_paths(config);
    if (!paths) return tl::unexpected(paths.error());
    const auto programs = find_driver_programs(config, *paths);
    if (!programs) return tl::unexpected(programs.error());
    const auto limits = limits_of(config, *paths, *programs);
    if (!limits) return tl::unexpected(limits.error());
    auto devices = device_plugins(config);
    if (!devices) return tl::unexpected(devices.error());
    Config here = config;
    here.id = *node;
    auto transport = host::open_bus(host.loop(), here, "driver-manager", {"alloc-runner", "gateway"});
    if (!transport) return tl::unexpected(transport.error());
    auto service = std::make_unique<DriverManager>(host, here, std::move(*lock), std::move(*transport), *paths,
                                                   *programs, *limits, std::move(*devices), *node);
    if (const auto begun = service->begin(); !begun) return tl::unexpected(begun.error());
    host.ready();
    return service;
}

}  // namespace drover::driver_manager
