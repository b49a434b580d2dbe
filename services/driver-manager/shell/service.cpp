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
#include "driver-manager/shell/usage_desk.hpp"
#include "driver-manager/shell/variable_feed.hpp"
#include "host/bus_link.hpp"
#include "host/keys.hpp"
#include "host/log.hpp"
#include "os/file_lock.hpp"
#include "os/files.hpp"
#include "secret/key_files.hpp"

namespace drover::driver_manager {
namespace {

constexpr Duration kFarewell = milliseconds(50);  // for the last vector to leave the process

// Of this program, in which the others are installed, too.
std::string own_directory() {
    std::string self(PATH_MAX, '\0');
    const ssize_t n = ::readlink("/proc/self/exe", self.data(), self.size());
    self.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return self.substr(0, self.rfind('/'));
}

bool is_installed(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

// With a loader of our own where the libraries of the machine need not be those that it was linked to.
std::vector<std::string> words_for_fetch(const std::string& programs) {
    const std::string fetch = programs + "/drover-fetch";
    const std::string libraries = programs + "/lib";
    if (!is_installed(fetch)) return {};
    if (!is_installed(libraries + "/loader")) return {fetch};
    return {libraries + "/loader", "--library-path", libraries, fetch};
}

Result<NodePaths> find_paths(const Config& config) {
    NodePaths paths;
    paths.container = !config.container.root.empty();
    const auto programs = paths.container ? bring_programs(config.container.programs, config.data_dir)
                                          : Result<std::string>(own_directory());
    if (!programs) return tl::unexpected(programs.error());
    paths.tasks = config.data_dir + "/tasks";
    paths.allocs = config.data_dir + "/allocs";
    paths.shim = config.shim.empty() ? *programs + "/drover-shim" : config.shim;
    if (!is_installed(paths.shim))
        return fail(ErrorKind::not_found, "there is no drover-shim at " + paths.shim + "; set `shim` to its path");
    paths.mock_task = *programs + "/drover-mock-task";
    paths.runtime = config.exec_runtime;
    paths.fetch = words_for_fetch(*programs);
    if (is_installed(*programs + "/drover-docker")) paths.docker = *programs + "/drover-docker";
    return paths;
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
    if (config.raw_exec_root != "allow" && config.raw_exec_root != "refuse")
        return fail(ErrorKind::invalid,
                    "option raw_exec_root has to be allow or refuse, not \"" + config.raw_exec_root + "\"");
    limits.drivers = {
        .allow = config.drivers_allow, .block = config.drivers_block, .raw_exec_root = config.raw_exec_root == "allow"};
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

// Tasks that run as other users work below the data directory; what is not theirs has modes of its own.
Result<void> let_tasks_pass(const Config& config) {
    if (::geteuid() != 0) return {};
    std::vector<std::string> dirs = {config.data_dir};
    if (config.numbered) dirs = {config.data_dir, config.data_dir + "/..", config.data_dir + "/../.."};
    for (const std::string& dir : dirs)
        if (::chmod(dir.c_str(), 0711) != 0) return fail_errno("cannot let tasks pass through " + dir, errno);
    return {};
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
                      if (config_.numbered) seen.attributes["drover.slot"] = data.substr(data.rfind('/') + 1);
                      seen.attributes["storage.secrets"] = hands_.hides_secrets() ? "memory" : "disk";
                      hands_.describe_isolation(seen);
                      hands_.describe_node(seen);
                      return seen;
                  }) {}

    Result<void> begin() {
        if (const auto started = agent_.start(); !started) return started;
        variables_.start();
        desk_.start();
        usage_.start();
        docker_.start();
        return {};
    }

    // Whoever starts next finds the tasks, or how they ended.
    void stop(std::function<void()> done) override {
        if (config_.stop_tasks) agent_.end_all();
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
    UsageDesk usage_;
    DockerWatch docker_;
    Beacon beacon_;
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
