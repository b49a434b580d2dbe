// What every service's main() does: read the configuration, set up logs, signals and the loop, start, be ready, end
// cleanly. Exit codes: 0 clean end, 1 the service could not start or failed, 2 the configuration is wrong.
//
//   int main(int argc, char** argv) {
//       gateway::Config config;
//       return host::run_service({"drover-gateway", "Serves ...", "drover-gateway --id gw-0 ..."}, argc, argv, config,
//                                [&](host::Host& host) { return gateway::start(host, config); });
//   }
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/config.hpp"
#include "metrics/page.hpp"
#include "rt/loop.hpp"

namespace drover::host {

// The options that every service has.
struct ServiceConfig {
    std::string id;  // stable over restarts; empty: run_service fills in "<service>-0"; "auto": that of a slot
    std::string data_dir = "/var/lib/drover";
    std::string run_dir = "/run/drover";
    std::vector<std::string> bind;       // "ipc:///run/drover/store.sock", "tcp://0.0.0.0:7301", see bus_link.hpp
    std::vector<std::string> tap;        // endpoints for monitors, as bind
    std::vector<std::string> advertise;  // where others can connect to `bind`; empty: worked out
    std::vector<std::string> peers;      // endpoints to connect to
    std::string curve_public_key_file;
    std::string curve_secret_key_file;
    std::string curve_peers_file;
    std::string metrics;  // where they are served; empty: nowhere
    std::string log_level = "info";

    bool may_have_replicas = true;  // of the same data_dir; a service that may not sets this to false
    bool ask_ready = false;         // --ready
    bool numbered = false;          // set by run_service: `id` was "auto", and `data_dir` is the slot's

    // A config that derives from this joins its own options to these.
    std::vector<Option> service_options();
    std::vector<Option> options() { return service_options(); }
};

// What a running service may ask of its host.
class Host {
   public:
    virtual ~Host() = default;
    virtual rt::Loop& loop() = 0;
    // Writes <run_dir>/<program>.ready, which holds the pid, and tells systemd when it listens; removed at a clean end.
    virtual void ready() = 0;
    // Ends the process as SIGTERM does, then exits with `code`.
    virtual void stop(int code) = 0;
    // The service's page of metrics as text, while it runs. On the loop's thread.
    virtual std::string measure() const = 0;
};

class Service {
   public:
    virtual ~Service() = default;
    // SIGTERM, SIGINT or Host::stop: say goodbye, then call `done`, from here or later. Not called twice. After
    // kStopTimeout, or at a second signal, the process ends without waiting for `done`.
    virtual void stop(std::function<void()> done) { done(); }
    // SIGHUP: read key files and the like again.
    virtual void reload() {}
    // Adds what it has to say to its page of metrics.
    virtual void measure(metrics::Page&) const {}
};

inline constexpr Duration kStopTimeout = seconds(5);

// Runs on the loop's thread before the loop does; the service is destroyed before the loop is.
using Start = std::function<Result<std::unique_ptr<Service>>(Host& host)>;

// What has to be done as soon as the options are known, before anything else.
using Prepare = std::function<Result<void>()>;

// With the flag --ready alone the program only asks whether the service that has this configuration is ready, says so
// and exits with 0 or 1.
//
// `data_dir` and `run_dir` are made (0700) when missing. SIGPIPE is ignored; SIGTERM, SIGINT and SIGHUP are blocked in
// every thread and read by the loop.
int run_service(const Program& program, const ConfigInput& input, ServiceConfig& config,
                const std::vector<Option>& options, const Start& start, const Prepare& prepare = {});

template <class Config>
int run_service(const Program& program, int argc, const char* const* argv, Config& config, const Start& start,
                const Prepare& prepare = {}) {
    return run_service(program, config_input(argc, argv), config, config.options(), start, prepare);
}

}  // namespace drover::host
