// docker: a container of a Docker daemon on the node, supervised by drover-docker.
//
//   image               required; name:tag, or a name with a digest
//   command, args       what runs in it, instead of the image's
//   entrypoint          list of strings, instead of the image's
//   work_dir            in the container
//   load                a tar of `docker save` below the task's directory, from which a missing image comes
//   force_pull          true: the image is got before each start, also when there is one of that name
//   image_pull_timeout  how long nothing may come of the image while it is got
//   auth                a block with username, password or password_file (below the task's directory), and
//                       server_address: for the registry
//   volumes             "source:target[:ro]"; a source is below the task's directory, or absolute where the node
//                       allows it
//   ports               "[address:][host:]container[/protocol]"
//   network_mode        bridge, host, none, or a network of the daemon
//   labels              "name=value"
//   pids_limit          processes and threads
//   privileged          where the node allows it
//   init                a small init is its first process
//   readonly_rootfs     only volumes can be written
#pragma once

#include <optional>

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

wire::DriverInfo docker_fingerprint(const HostFacts& host);
std::vector<ConfigProblem> docker_check(const wire::TaskSpec& spec);
Result<LaunchPlan> docker_plan(const wire::TaskSpec& spec, const TaskContext& context);

// The context as a container sees it.
TaskContext docker_inside(const TaskContext& context);

// The image that has to be on the node before the task starts.
struct DockerImage {
    // For the registry. Never part of a plan, so that no record of the task has it.
    struct Login {
        std::string user;
        std::string password;
        std::string password_file;  // absolute path on the host, instead
        std::string server;
    };
    std::string name;
    std::optional<Login> login;
    std::string archive;  // absolute path on the host, or empty
    bool force = false;
    Duration silence;
};
Result<DockerImage> docker_image(const wire::TaskSpec& spec, const TaskContext& context);

}  // namespace drover::drivers
