#include "gateway/service.hpp"

#include <fstream>
#include <thread>

#include "base/hash.hpp"
#include "bus/peer_list.hpp"
#include "gateway/bridged_backend.hpp"
#include "gateway/guard.hpp"
#include "gateway/routes.hpp"
#include "gateway/traffic.hpp"
#include "gateway/views.hpp"
#include "host/bus_link.hpp"
#include "host/log.hpp"
#include "host/metrics_server.hpp"
#include "http/server.hpp"

namespace drover::gateway {
namespace {

constexpr std::string_view kHttps = "https://";

http::TlsFiles tls_files(const Config& config) { return {config.http_tls_certificate_file, config.http_tls_key_file}; }

std::string read_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

class Gateway : public host::Service {
   public:
    Gateway(host::Host& host, const Config& config, std::unique_ptr<bus::ZmqTransport> transport)
        : config_(config),
          host_(host),
          loop_(host.loop()),
          transport_(std::move(transport)),
          boot_(random_hex(16)),
          exchange_(loop_, *transport_, {config.id, "gateway", boot_}),
          peers_(exchange_, *transport_),
          hub_(loop_, exchange_, config.id, stable_hash(boot_), hints_),
          bridge_(loop_),
          backend_(bridge_, hub_, hints_),
          guard_(config.http_tokens_file),
          server_(
              [this](const Call& call) {
                  const Traffic::Clock begun = traffic_.begin();
                  Reply reply = route({backend_, config_.id, config_.secrets_public_key_file,
                                       [this](const Mirror&, Instant) { return host_.measure(); }},
                                      call);
                  traffic_.end(begun, call.method, reply.status);
                  return reply;
              },
              {config.http_names, &guard_, tls_files(config)}) {}

    ~Gateway() override { end(); }

    Result<void> listen() {
        const bool tokens = !config_.http_tokens_file.empty();
        if (auto safe = check_exposure(config_.http, tokens, config_.http_insecure); !safe) return safe;
        if (auto loaded = guard_.load(); !loaded) return loaded;
        const std::string path = config_.run_dir + "/" + kAddressFile;
        std::string last = read_line(path);
        if (last.starts_with(kHttps)) last.erase(0, kHttps.size());
        auto address = server_.start(config_.http, last);
        if (!address) return tl::unexpected(address.error());
        const bool tls = !tls_files(config_).none();
        if (tls) address->insert(0, kHttps);
        if (!tls && serves_others(config_.http))
            log::warn("HTTP is served in the clear: whoever is on the way can read and change it",
                      {{"http", *address}});
        const std::string fresh = path + ".new";
        std::ofstream(fresh) << *address << "\n";
        if (std::rename(fresh.c_str(), path.c_str()) != 0) return fail_errno("cannot write " + path, errno);
        log::info("serving", {{"http", *address}, {"tokens", tokens}});
        return {};
    }

    void stop(std::function<void()> done) override {
        exchange_.leave();
        end();
        done();
    }

    void reload() override {
        host::reload_keys(*transport_, config_);
        if (auto loaded = guard_.load(); !loaded)
            log::error("the tokens stay as they were", {{"error", loaded.error()}});
    }

    void measure(metrics::Page& page) const override {
        host::measure_bus(page, exchange_);
        measure_mirror(page, hub_.mirror(), loop_.now());
        traffic_.measure(page);
        page.add(metrics::metric("drover_http_turned_away_total"), static_cast<double>(guard_.refusals()));
    }

   private:
    // Streams and waiting requests are told first: the server waits for its connections.
    void end() {
        hints_.close();
        bridge_.close();
        hub_.close();
        server_.stop();
    }

    const Config config_;
    host::Host& host_;
    rt::Loop& loop_;
    std::unique_ptr<bus::ZmqTransport> transport_;
    std::string boot_;
    bus::Exchange exchange_;
    bus::PeerBook peers_;
    http::Hints hints_;
    Hub hub_;
    http::Bridge bridge_;
    BridgedBackend backend_;
    Guard guard_;
    Traffic traffic_;
    http::Server server_;
};

}  // namespace

Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config) {
    auto transport = host::open_bus(host.loop(), config, "gateway", {"driver-manager"});
    if (!transport) return tl::unexpected(transport.error());
    auto gateway = std::make_unique<Gateway>(host, config, std::move(*transport));
    if (auto listening = gateway->listen(); !listening) return tl::unexpected(listening.error());
    host.ready();
    return gateway;
}

}  // namespace drover::gateway
