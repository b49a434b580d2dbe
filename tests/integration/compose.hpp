// Drover in containers, as deploy/docker-compose.yml has it, on a daemon of the test's own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "integration/dockerd.hpp"

namespace drover::integration {

using Json = nlohmann::json;

class Compose {
   public:
    // Why there can be none on this machine; empty: there can.
    static std::string missing();

    // Starts the daemon, makes the image of the programs that were built with this test, and the keys. Nothing is up.
    Compose();
    // Takes everything down, tasks too.
    ~Compose();
    Compose(const Compose&) = delete;
    Compose& operator=(const Compose&) = delete;

    const Dockerd& daemon() const { return *daemon_; }
    const std::string& dir() const { return dir_; }
    std::string keys() const { return dir_ + "/keys"; }
    // Of the bus: those of the state-store are 0 (voice) and 1 (tap).
    std::string endpoint(int n) const;

    // docker-compose ARGUMENTS; the test fails when that fails. Returns what it printed.
    std::string compose(const Words& arguments) const;
    // An image with the same programs and another id, which the services get when they are made anew.
    void use_newer_image();

    // Ids of a service's containers that run; of all services when it is empty.
    std::vector<std::string> containers(const std::string& service) const;
    // Of the container's own process on this machine; 0 when it does not run.
    pid_t pid(const std::string& container) const;
    bool healthy(const std::string& container) const;
    // Every container that should run does, and says that it is ready, and the gateway finds nothing missing.
    bool all_well(std::size_t expected) const;
    std::string logs(const std::string& service) const;

    Outcome drover(const Words& arguments) const;
    void submit(const std::string& name, const std::string& document) const;
    // GET at the gateway; null when there is no answer.
    Json get(const std::string& path) const;
    std::vector<Json> allocs(const std::string& job) const;

   private:
    void make_image();
    void write_override() const;
    Words environment() const;

    std::string dir_;
    int ports_ = 0;  // what they begin with
    int images_ = 0;
    std::unique_ptr<Dockerd> daemon_;
};

}  // namespace drover::integration
