// A whole Drover in a directory of its own, every service a child of the test, so that the test decides who lives.
#pragma once

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "integration/subprocess.hpp"
#include "integration/wait.hpp"

namespace drover::integration {

using Json = nlohmann::json;

enum class Service { state_store, alloc_runner, driver_manager, gateway };
inline constexpr std::array kServices = {Service::state_store, Service::alloc_runner, Service::driver_manager,
                                         Service::gateway};

// "state-store", ...
const char* to_string(Service service);

class Cluster {
   public:
    // Where the programs of each service are, when not those of this build.
    using Programs = std::map<Service, std::string>;

    // Everything is started and healthy, or the test has failed.
    explicit Cluster(Programs programs = {});
    // Ends every service and every task, whatever state they are in.
    ~Cluster();
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    const std::string& dir() const { return dir_; }
    std::string tap_endpoint(Service service) const;

    void start(Service service);
    // From its next start on.
    void use(Service service, const std::string& programs) { programs_[service] = programs; }
    // SIGKILL, and waits until it is gone.
    void kill(Service service);
    pid_t pid(Service service) const { return pids_.at(service); }
    // Has said that it is ready since its last start.
    bool ready(Service service) const;
    // Every service is ready and the gateway misses nothing.
    bool healthy() const;
    // The gateway misses nothing, whoever started it.
    bool answers() const;

    // The command line, pointed at this cluster.
    Outcome drover(const Words& arguments, Duration limit = seconds(30)) const;
    // Writes the job document and submits it without waiting for it.
    void submit(const std::string& name, const std::string& document);

    // null when the gateway does not answer.
    Json get(const std::string& path) const;
    // Allocs of a job, without events; empty when the gateway does not answer.
    std::vector<Json> allocs(const std::string& job) const;
    // The one alloc of a job with all its events, as `alloc status -o json` shows it; null when there is none yet.
    Json alloc(const std::string& job) const;

    // What the services logged, for a failing test.
    std::string logs() const;

   private:
    std::string endpoint(Service service) const;
    Words command(Service service) const;

    Programs programs_;
    std::string dir_;
    UniqueFd guardian_;
    std::map<Service, pid_t> pids_;
};

// "Received", "Task Setup", ... of the task, oldest first.
std::vector<std::string> event_types(const Json& alloc, const std::string& task);
// The task of an alloc; null when there is none.
Json task_of(const Json& alloc, const std::string& task);

}  // namespace drover::integration
