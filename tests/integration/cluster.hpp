// A whole Drover in a directory of its own, every service a child of the test, so that the test decides who lives.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
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

// One process of a cluster; a Service alone is the first of its kind.
struct Replica {
    Service service;
    int index = 0;

    Replica(Service of, int number = 0) : service(of), index(number) {}
    // "driver-manager", "driver-manager-1", ...: of its directory, its log and its socket.
    std::string name() const;
    friend auto operator<=>(const Replica&, const Replica&) = default;
};

// Where the programs of each service are, when not those of this build.
using Programs = std::map<Service, std::string>;

struct Layout {
    int alloc_runners = 1;
    int driver_managers = 1;
    // The endpoint at which the first hears the second; unset: the second's own.
    std::function<std::string(const Replica& hears, const Replica& speaks)> route = nullptr;
    // Where each speaks; unset: at a socket of its own.
    std::function<std::string(const Replica&)> voice = nullptr;
    // What starts the service, before its own words; unset: nothing.
    std::function<Words(const Replica&)> starter = nullptr;
    // "NAME=value" of every service, asked for at its start.
    std::function<Words()> environment = nullptr;
    Programs programs{};
};

class Cluster {
   public:
    // Everything is started and healthy, or the test has failed.
    explicit Cluster(Programs programs = {});
    // A directory and a guardian, and nothing started.
    explicit Cluster(Layout layout);
    // Ends every service and every task, whatever state they are in.
    ~Cluster();
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    const std::string& dir() const { return dir_; }
    const std::vector<Replica>& replicas() const { return replicas_; }
    // Of its voice.
    std::string endpoint(const Replica& replica) const;
    std::string tap_endpoint(const Replica& replica) const;

    void start(const Replica& replica);
    // From its next start on.
    void use(Service service, const std::string& programs) { layout_.programs[service] = programs; }
    // SIGKILL, and waits until it is gone.
    void kill(const Replica& replica);
    // Its exit code, or 128 and the signal, once it has ended by itself; then it counts as never started.
    std::optional<int> ended(const Replica& replica);
    // 0: it was killed, or never started.
    pid_t pid(const Replica& replica) const;
    // Has said that it is ready since its last start.
    bool ready(const Replica& replica) const;
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
    std::string run_dir(const Replica& replica) const;
    Words command(const Replica& replica) const;

    Layout layout_;
    std::vector<Replica> replicas_;
    std::string dir_;
    UniqueFd guardian_;
    std::map<Replica, pid_t> pids_;
};

// "Received", "Task Setup", ... of the task, oldest first.
std::vector<std::string> event_types(const Json& alloc, const std::string& task);
// The task of an alloc; null when there is none.
Json task_of(const Json& alloc, const std::string& task);

}  // namespace drover::integration
