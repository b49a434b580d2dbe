#include "state-store/shell/service.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "bus/peer_list.hpp"
#include "host/bus_link.hpp"
#include "host/log.hpp"
#include "host/metrics_server.hpp"
#include "os/file_lock.hpp"
#include "state-store/engine/sqlite_open.hpp"
#include "state-store/shell/data_disk.hpp"
#include "state-store/shell/store.hpp"

namespace drover::store {

namespace {

StoreLimits limits_of(const Config& config) {
    StoreLimits limits;
    limits.events.max_count = config.events_max_count > 0 ? static_cast<std::uint64_t>(config.events_max_count) : 1;
    limits.events.max_age = config.events_max_age;
    limits.audit.max_count = config.audit_max_count > 0 ? static_cast<std::uint64_t>(config.audit_max_count) : 1;
    limits.audit.max_age = config.audit_max_age;
    const auto count = [](std::int64_t number) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
    };
    limits.collecting.interval = std::max(config.gc_interval, seconds(1));
    limits.collecting.max_age = config.gc_max_age;
    limits.collecting.failed_max_age = config.gc_failed_max_age;
    limits.collecting.max_allocs = count(config.gc_max_allocs);
    limits.collecting.node_max_allocs = count(config.gc_node_max_allocs);
    limits.collecting.disk_percent = config.gc_disk_percent;
    limits.collecting.inode_percent = config.gc_inode_percent;
    return limits;
}

class StoreService : public host::Service {
   public:
    StoreService(host::Host& host, const Config& config, UniqueFd lock, std::unique_ptr<DataDisk> disk,
                 std::unique_ptr<Engine> engine, std::unique_ptr<bus::ZmqTransport> transport)
        : config_(config),
          lock_(std::move(lock)),
          disk_(std::move(disk)),
          engine_(std::move(engine)),
          transport_(std::move(transport)),
          boot_(random_hex(16)),
          exchange_(host.loop(), *transport_, {config.id, "state-store", boot_}),
          peers_(exchange_, *transport_, stable_hash(boot_)),
          store_(host.loop(), exchange_, *engine_, *disk_, limits_of(config), stable_hash(boot_),
                 [&host](const Error&) { host.stop(1); }) {}

    Result<void> begin() { return store_.start(); }

    void stop(std::function<void()> done) override {
        store_.stop();
        done();
    }

    void reload() override { host::reload_keys(*transport_, config_); }

    void measure(metrics::Page& page) const override {
        host::measure_bus(page, exchange_);
        store_.measure(page);
    }

   private:
    const Config config_;
    UniqueFd lock_;
    std::unique_ptr<DataDisk> disk_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<bus::ZmqTransport> transport_;
    std::string boot_;
    bus::Exchange exchange_;
    bus::PeerList peers_;
    Store store_;
};

}  // namespace

Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config) {
    auto lock = os::lock_data_dir(config.data_dir, "state-store");
    if (!lock) return tl::unexpected(lock.error());
    auto disk = std::make_unique<DataDisk>(host.loop(), config.data_dir, config.disk_reserve);
    const std::string database = config.data_dir + std::string(kDatabase);
    auto opened = open_sqlite(database, host.loop().now());
    // Without some of the reserve there may be room for what an opening needs.
    while (!opened && opened.error().kind == ErrorKind::io && disk->release()) {
        opened = open_sqlite(database, host.loop().now());
    }
    if (!opened) return tl::unexpected(opened.error());
    if (!opened->recovered.empty()) log::warn("recovered", {{"what", opened->recovered}});
    auto transport = host::open_bus(host.loop(), config, "state-store", {});
    if (!transport) return tl::unexpected(transport.error());
    auto service = std::make_unique<StoreService>(host, config, std::move(*lock), std::move(disk),
                                                  std::move(opened->engine), std::move(*transport));
    if (auto ok = service->begin(); !ok) return tl::unexpected(ok.error());
    host.ready();
    return service;
}

}  // namespace drover::store
