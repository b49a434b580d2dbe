// MetricsServer: a service's metrics for Prometheus at /metrics, and whether it is alive at /healthz.
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "bus/exchange.hpp"
#include "http/bridge.hpp"
#include "http/server.hpp"
#include "metrics/page.hpp"
#include "rt/loop.hpp"

namespace drover::host {

class MetricsServer {
   public:
    // `page` makes the text of a page; on the loop's thread.
    MetricsServer(rt::Loop& loop, std::function<std::string()> page);
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    // Serves on "HOST:PORT" or the first free port of "HOST:FIRST-LAST" from now on, and writes the address into
    // `file`. invalid: that is no address; else it cannot be had, and the service goes on without.
    Result<void> start(const std::string& address, const std::string& file);

    static constexpr std::size_t kConnections = 4;
    static constexpr Duration kLimit = seconds(5);  // for the loop to get to a page

   private:
    http::Reply answer(const http::Call& call);

    std::function<std::string()> page_;
    std::string file_;
    http::Bridge bridge_;
    http::Server server_;
};

// What a process is: "state-store", "state-store-0".
struct Self {
    std::string service;
    std::string id;
};

void measure_process(metrics::Page& page, const Self& self);
void measure_bus(metrics::Page& page, const bus::Exchange& exchange);

}  // namespace drover::host
