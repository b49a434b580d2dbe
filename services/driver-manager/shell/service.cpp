#include "driver-manager/shell/service.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>

#include "base/hash.hpp"
#include "bus/peer_list.hpp"
#include "driver-manager/drivers/capabilities.hpp"
#include "driver-manager/fingerprint/fingerprint.hpp"
#include "driver-manager/fingerprint/storage.hpp"
#include "driver-manager/shell/agent.hpp"
#include "driver-manager/shell/beacon.hpp"
#include "driver-manager/shell/docker_watch.hpp"
#include "driver-manager/shell/log_desk.hpp"
#include "driver-manager/shell/node_hands.hpp"
#include "driver-manager/shell/node_id.hpp"
#include "driver-manager/shell/session_desk.hpp"
#include "driver-manager/shell/usage_desk.hpp"
#include "driver-manager/shell/variable_feed.hpp"
#include "host/bus_link.hpp"
#include "host/log.hpp"
#include "os/file_lock.hpp"
#include "os/files.hpp"
#include "secret/key_files.hpp"

namespace drover::driver_manager {
namespace {

constexpr Duration kFarewell = milliseconds(50);  // for the last vector to leave the process

// Of a program that is installed beside this one.
std::string sibling(const std::string& name) {
    std::string self(PATH_MAX, '\0');
    const ssize_t n = ::readlink("/proc/self/exe", self.data(), self.size());
    self.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return self.substr(0, self.rfind('/') + 1) + name;
}

Result<NodePaths> find_paths(const Config& config) {
    NodePaths paths;
    paths.tasks = config.data_dir + "/tasks";
    paths.allocs = config.data_dir + "/allocs";
    paths.shim = config.shim.empty() ? sibling("drover-shim") : config.shim;
    if (::access(paths.shim.c_str(), X_OK) != 0)
        return fail(ErrorKind::not_found, "there is no drover-shim at " + paths.shim + "; set `shim` to its path");
    paths.mock_task = sibling("drover-mock-task");
    paths.runtime = config.exec_runtime;
    const auto if_installed = [](const std::string& path) { return ::access(path.c_str(), X_OK) == 0 ? path : ""; };
    paths.fetch = if_installed(sibling("drover-fetch"));
    paths.docker = if_installed(sibling("drover-docker"));
    paths.session = if_installed(sibling("drover-session"));
    return paths;
}

Result<bool> is_allowed(const std::string& option, const std::string& value) {
    if (value == "allow" || value == "refuse") return value == "allow";
    return fail(ErrorKind::invalid, "option " + option + " has to be allow or refuse, not \"" + value + "\"");
}

Result<NodeHands::Limits> limits_of(const Config& config, const NodePaths& paths) {
    NodeHands::Limits limits;
    limits.docker = {.program = paths.docker,
                     .socket = config.docker_socket,
                     .volumes = config.docker_volumes,
                     .privileged = config.docker_privileged};
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
    if (const auto good = drivers::check(limits.drivers); !good) return tl::unexpected(good.error());
    if (config.secrets_private_key_file.empty()) return limits;
    auto key = secret::read_private_key(config.secrets_private_key_file);
    if (!key) return tl::unexpected(key.error());
    limits.secrets_key = std::move(*key);
    return limits;
}

SessionDesk::Limits session_limits(const Config& config, const NodePaths& paths) {
    return {.program = paths.session,
            .sessions = static_cast<std::size_t>(std::max<std::int64_t>(0, config.sessions_max)),
            .idle = config.session_idle_timeout};
}

class DriverManager : public host::Service {
   public:
    DriverManager(host::Host& host, const Config& config, UniqueFd lock, std::unique_ptr<bus::ZmqTransport> transport,
                  const NodePaths& paths, const NodeHands::Limits& limits, const std::string& node)
        : config_(config),
          lock_(std::move(lock)),
          loop_(host.loop()),
          transport_(std::move(transport)),
          boot_(random_hex(16)),
          exchange_(loop_, *transport_, {node, "driver-manager", boot_}),
          peers_(exchange_, *transport_),
          hands_(loop_, paths, node, limits),
          agent_(loop_, exchange_, hands_, node, stable_hash(boot_)),
          variables_(loop_, exchange_, hands_.variables(), hands_.keeper()),
          desk_(exchange_, hands_, node, stable_hash(boot_)),
          sessions_(loop_, exchange_, hands_, session_limits(config, paths), node, stable_hash(boot_)),
          usage_(loop_, exchange_, agent_.inventory(), node),
          docker_(loop_, {paths.docker, config.docker_socket, node, paths.tasks, config.fingerprint_interval},
                  [this] { beacon_.look_now(); }),
          beacon_(loop_, exchange_, stable_hash(boot_), config.fingerprint_interval,
                  [this, allocs = paths.allocs, node, data = config.data_dir, health = drivers::Health(limits.drivers),
                   storage = fingerprint::StorageTeller()]() mutable {
                      drivers::HostFacts facts = hands_.host_facts();
                      docker_.tell(facts);
                      wire::NodeObserved seen = fingerprint::observe_node(node, health.look(facts));
                      if (!facts.docker_version.empty())
                          seen.attributes["driver.docker.version"] = facts.docker_version;
                      // Until the first task starts there is only the data directory.
                      auto use = fingerprint::look_at_storage(allocs);
                      storage.tell(use ? use : fingerprint::look_at_storage(data), seen);
                      seen.attributes["drover.version"] = host::version();
                      seen.attributes["storage.secrets"] = hands_.hides_secrets() ? "memory" : "disk";
                      hands_.describe_isolation(seen);
                      hands_.describe_node(seen);
                      return seen;
                  }) {}

    Result<void> begin() {
        if (const auto started = agent_.start(); !started) return started;
        variables_.start();
        desk_.start();
        hands_.listen_ends([this](const launcher::RunKey& run) { sessions_.run_ended(run); });
        sessions_.start();
        usage_.start();
        docker_.start();
        return {};
    }

    // The tasks stay: whoever starts next finds them.
    void stop(std::function<void()> done) override {
        exchange_.leave();
        loop_.at(loop_.now() + kFarewell, std::move(done));
    }

    void reload() override { host::reload_keys(*transport_, config_); }

   private:
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
    UsageDesk usage_;
    DockerWatch docker_;
    Beacon beacon_;
};

}  // namespace

Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config) {
    auto lock = os::lock_data_dir(config.data_dir, "driver-manager");
    if (!lock) return tl::unexpected(lock.error());
    // Tasks that run as other users work below it; what is not theirs has modes of its own.
    if (::geteuid() == 0 && ::chmod(config.data_dir.c_str(), 0711) != 0)
        return fail_errno("cannot let tasks pass through " + config.data_dir, errno);
    const bool named = !config.numbered && config.id != "driver-manager-0";
    const auto node = node_id(config.data_dir, named ? config.id : std::string());
    if (!node) return tl::unexpected(node.error());
    if (named && config.id != *node)
        log::warn("this node keeps the id it was given first", {{"id", *node}, {"asked_for", config.id}});
    const auto paths = find_paths(config);
    if (!paths) return tl::unexpected(paths.error());
    const auto limits = limits_of(config, *paths);
    if (!limits) return tl::unexpected(limits.error());
    Config here = config;
    here.id = *node;
    auto transport = host::open_bus(host.loop(), here, "driver-manager", {"alloc-runner", "gateway"});
    if (!transport) return tl::unexpected(transport.error());
    auto service =
        std::make_unique<DriverManager>(host, here, std::move(*lock), std::move(*transport), *paths, *limits, *node);
    if (const auto begun = service->begin(); !begun) return tl::unexpected(begun.error());
    host.ready();
    return service;
}

}  // namespace drover::driver_manager
