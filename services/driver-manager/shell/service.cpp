#include "driver-manager/shell/service.hpp"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <memory>

#include "base/hash.hpp"
#include "bus/peer_list.hpp"
#include "driver-manager/fingerprint/fingerprint.hpp"
#include "driver-manager/fingerprint/storage.hpp"
#include "driver-manager/shell/agent.hpp"
#include "driver-manager/shell/beacon.hpp"
#include "driver-manager/shell/log_desk.hpp"
#include "driver-manager/shell/node_hands.hpp"
#include "driver-manager/shell/node_id.hpp"
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
    const std::string fetch = sibling("drover-fetch");
    if (::access(fetch.c_str(), X_OK) == 0) paths.fetch = fetch;
    return paths;
}

Result<NodeHands::Limits> limits_of(const Config& config) {
    NodeHands::Limits limits;
    limits.starts_in_flight = static_cast<std::size_t>(std::max<std::int64_t>(1, config.starts_in_flight));
    limits.fetch.time = config.artifact_timeout;
    limits.fetch.bytes = config.artifact_max_size.bytes;
    limits.drivers = {.allow = config.drivers_allow, .block = config.drivers_block};
    if (const auto good = drivers::check(limits.drivers); !good) return tl::unexpected(good.error());
    if (config.secrets_private_key_file.empty()) return limits;
    auto key = secret::read_private_key(config.secrets_private_key_file);
    if (!key) return tl::unexpected(key.error());
    limits.secrets_key = std::move(*key);
    return limits;
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
          beacon_(loop_, exchange_, stable_hash(boot_), config.fingerprint_interval,
                  [this, paths, node, data = config.data_dir, health = drivers::Health(limits.drivers),
                   storage = fingerprint::StorageTeller()]() mutable {
                      wire::NodeObserved seen = fingerprint::observe_node(node, health.look(host_facts(paths)));
                      // Until the first task starts there is only the data directory.
                      auto use = fingerprint::look_at_storage(paths.allocs);
                      storage.tell(use ? use : fingerprint::look_at_storage(data), seen);
                      seen.attributes["drover.version"] = host::version();
                      seen.attributes["storage.secrets"] = hands_.hides_secrets() ? "memory" : "disk";
                      hands_.describe_node(seen);
                      return seen;
                  }) {}

    Result<void> begin() {
        if (const auto started = agent_.start(); !started) return started;
        variables_.start();
        desk_.start();
        usage_.start();
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
    UsageDesk usage_;
    Beacon beacon_;
};

}  // namespace

Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config) {
    auto lock = os::lock_data_dir(config.data_dir, "driver-manager");
    if (!lock) return tl::unexpected(lock.error());
    const bool named = !config.numbered && config.id != "driver-manager-0";
    const auto node = node_id(config.data_dir, named ? config.id : std::string());
    if (!node) return tl::unexpected(node.error());
    if (named && config.id != *node)
        log::warn("this node keeps the id it was given first", {{"id", *node}, {"asked_for", config.id}});
    const auto paths = find_paths(config);
    if (!paths) return tl::unexpected(paths.error());
    const auto limits = limits_of(config);
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
