// The driver-manager as a service.
#pragma once

#include "host/service.hpp"

namespace drover::driver_manager {

struct Config : host::ServiceConfig {
    std::string shim;  // empty: drover-shim beside this program
    std::int64_t starts_in_flight = 8;
    Duration fingerprint_interval = seconds(30);
    Duration artifact_timeout = minutes(30);
    Size artifact_max_size{10ULL << 30};
    std::string secrets_private_key_file;
    std::vector<std::string> drivers_allow;
    std::vector<std::string> drivers_block;
    std::string raw_exec_root = "refuse";
    std::string template_host_files = "refuse";
    std::string exec_runtime;  // empty: crun along PATH
    std::vector<std::string> exec_host_dirs;
    std::vector<std::string> exec_capabilities;
    std::int64_t sessions_max = 16;
    Duration session_idle_timeout = hours(8);
    std::string docker_socket = "/var/run/docker.sock";
    bool docker_volumes = false;
    bool docker_privileged = false;

    std::vector<host::Option> options() {
        return host::join(
            service_options(),
            {{"shim", &shim, "path of drover-shim; empty: beside this program"},
             {"starts_in_flight", &starts_in_flight, "how many tasks may be starting at a time"},
             {"fingerprint_interval", &fingerprint_interval, "how often to look at what the node is"},
             {"artifact_timeout", &artifact_timeout, "how long one artifact may take to be fetched"},
             {"artifact_max_size", &artifact_max_size, "how large an artifact may be, before and after it is unpacked"},
             {"secrets_private_key_file", &secrets_private_key_file,
              "file with the key that opens secret items of variables"},
             {"drivers_allow", &drivers_allow, "the drivers that may be used on this node; empty: every one"},
             {"drivers_block", &drivers_block, "drivers that may not be used on this node, whatever is allowed"},
             {"raw_exec_root", &raw_exec_root, "whether raw_exec may run tasks as root: allow or refuse"},
             {"template_host_files", &template_host_files,
              "whether templates may be made of any file of the node, also of tasks that could not read it: allow or "
              "refuse"},
             {"exec_runtime", &exec_runtime,
              "path of crun, which isolates tasks of the driver exec; empty: along PATH"},
             {"exec_host_dirs", &exec_host_dirs,
              "directories of the node that those tasks see, read-only; empty: /bin, /etc, /lib*, /sbin, /usr, "
              "resolver"},
             {"exec_capabilities", &exec_capabilities,
              "capabilities that those tasks may have; empty: the default ones of tasks"},
             {"sessions_max", &sessions_max,
              "how many commands users may run beside tasks at a time (drover alloc exec); 0: none"},
             {"session_idle_timeout", &session_idle_timeout,
              "how long such a command may run without anything typed or printed"},
             {"docker_socket", &docker_socket, "where the Docker daemon of this node listens"},
             {"docker_volumes", &docker_volumes, "whether containers may mount any directory of this node"},
             {"docker_privileged", &docker_privileged, "whether containers may be privileged"}});
    }
};

// Adopts what runs on this node, then listens. Errors: the data directory cannot be used, an endpoint cannot be bound,
// or there is no drover-shim.
Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config);

}  // namespace drover::driver_manager
