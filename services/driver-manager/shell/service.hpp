// The driver-manager as a service.
#pragma once

#include "driver-manager/shell/host_root.hpp"
#include "host/service.hpp"

namespace drover::driver_manager {

struct Config : host::ServiceConfig {
    std::string host_root;  // where a container has mounted the machine's root; empty: not in a container
    Container container;    // set by enter()
    bool stop_tasks = false;
    std::string shim;  // empty: drover-shim beside this program
    std::int64_t starts_in_flight = 8;
    Duration fingerprint_interval = seconds(30);
    double reserved_cpu = 0;
    Size reserved_memory;
    std::string network_interface;
    std::string dynamic_ports = "20000-32000";
    std::vector<std::string> mock_devices;
    Duration artifact_timeout = minutes(30);
    Size artifact_max_size{10ULL << 30};
    std::string secrets_private_key_file;
    std::vector<std::string> drivers_allow;
    std::vector<std::string> drivers_block;
    std::string drivers_dir;
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
    std::string docker_auth_file;
    std::string syslog_socket = "/dev/log";
    std::string journal_socket = "/run/systemd/journal/socket";
    Duration mock_shutdown_periodic_after;
    Duration mock_shutdown_periodic_duration;

    std::vector<host::Option> options() {
        return host::join(
            service_options(),
            {{"host_root", &host_root,
              "in a container: where the machine's root directory is mounted; tasks run there, and data_dir is a path "
              "of the machine"},
             {"stop_tasks", &stop_tasks,
              "whether SIGTERM ends the tasks, too; otherwise they go on, and the next driver-manager has them"},
             {"shim", &shim, "path of drover-shim; empty: beside this program"},
             {"starts_in_flight", &starts_in_flight, "how many tasks may be starting at a time"},
             {"fingerprint_interval", &fingerprint_interval, "how often to look at what the node is"},
             {"reserved_cpu", &reserved_cpu, "cores that are kept for the machine itself"},
             {"reserved_memory", &reserved_memory, "memory that is kept for the machine itself"},
             {"network_interface", &network_interface,
              "the interface whose address tasks tell others; empty: that of the default route"},
             {"dynamic_ports", &dynamic_ports, "the ports from which this node chooses, as FIRST-LAST"},
             {"mock_devices", &mock_devices, "devices to make believe in, each vendor/type/name/id; for tests"},
             {"artifact_timeout", &artifact_timeout, "how long one artifact may take to be fetched"},
             {"artifact_max_size", &artifact_max_size, "how large an artifact may be, before and after it is unpacked"},
             {"secrets_private_key_file", &secrets_private_key_file,
              "file with the key that opens secret items of variables"},
             {"drivers_allow", &drivers_allow, "the drivers that may be used on this node; empty: every one"},
             {"drivers_block", &drivers_block, "drivers that may not be used on this node, whatever is allowed"},
             {"drivers_dir", &drivers_dir,
              "directory with the external drivers of this node: each program in it is one; empty: there are none"},
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
             {"docker_privileged", &docker_privileged, "whether containers may be privileged"},
             {"docker_auth_file", &docker_auth_file,
              "credentials for registries of images: a file as docker's config.json, with \"auths\""},
             {"syslog_socket", &syslog_socket,
              "where the syslog daemon of this node listens, for tasks that log to it"},
             {"journal_socket", &journal_socket, "where the journal of this node listens, for tasks that log to it"},
             {"mock_shutdown_periodic_after", &mock_shutdown_periodic_after,
              "how long the driver mock works before it plays dead, again and again; 0: it never does"},
             {"mock_shutdown_periodic_duration", &mock_shutdown_periodic_duration, "how long it plays dead"}});
    }
};

// Onto the machine, where `host_root` says so; afterwards paths are the machine's, but for those of keys and of the run
// directory, which are the container's. Before anything else.
Result<void> enter(Config& config);

// Adopts what runs on this node, then listens. Errors: the data directory cannot be used, an endpoint cannot be bound,
// or there is no drover-shim.
Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config);

}  // namespace drover::driver_manager
