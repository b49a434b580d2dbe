#include "alloc-runner/shell/service.hpp"

#include "alloc-runner/shell/runner.hpp"
#include "base/hash.hpp"
#include "bus/peer_list.hpp"
#include "host/bus_link.hpp"
#include "host/metrics_server.hpp"

namespace drover::alloc_runner {

namespace {

constexpr Duration kFarewell = milliseconds(50);  // for the last vector to leave the process

class AllocRunner : public host::Service {
   public:
    AllocRunner(rt::Loop& loop, const Config& config, std::unique_ptr<bus::ZmqTransport> transport)
        : config_(config),
          loop_(loop),
          transport_(std::move(transport)),
          boot_(random_hex(16)),
          exchange_(loop_, *transport_, {config.id, "alloc-runner", boot_}),
          peers_(exchange_, *transport_),
          runner_(loop_, exchange_, rules(config)) {}

    // The lease goes back at once; the tasks stay with the driver-managers.
    void stop(std::function<void()> done) override {
        exchange_.leave();
        loop_.at(loop_.now() + kFarewell, std::move(done));
    }

    void reload() override { host::reload_keys(*transport_, config_); }

    void measure(metrics::Page& page) const override {
        host::measure_bus(page, exchange_);
        runner_.measure(page);
    }

   private:
    BrainRules rules(const Config& config) const {
        BrainRules rules;
        rules.id = config.id;
        rules.boot = boot_;
        rules.max_kill_timeout = config.max_kill_timeout;
        rules.lost_after = config.node_lost_after;
        return rules;
    }

    const Config config_;
    rt::Loop& loop_;
    std::unique_ptr<bus::ZmqTransport> transport_;
    std::string boot_;
    bus::Exchange exchange_;
    bus::PeerBook peers_;
    Runner runner_;
};

}  // namespace

Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config) {
    auto transport = host::open_bus(host.loop(), config, "alloc-runner", {"driver-manager"});
    if (!transport) return tl::unexpected(transport.error());
    auto service = std::make_unique<AllocRunner>(host.loop(), config, std::move(*transport));
    host.ready();
    return service;
}

}  // namespace drover::alloc_runner
