// The config block of a docker task.
#pragma once

#include <optional>

#include "base/result.hpp"
#include "driver-manager/drivers/config.hpp"

namespace drover::drivers {

// Who asks a registry for the image.
struct DockerAuth {
    std::string username;
    std::string password;
    std::string password_file;   // below the task's directory, instead
    std::string server_address;  // empty: the image's registry
};

struct DockerConfig {
    std::string image;
    std::optional<DockerAuth> auth;
    std::string command;
    std::vector<std::string> args;
    std::vector<std::string> entrypoint;
    std::string work_dir;
    std::string load;
    bool force_pull = false;
    Duration image_pull_timeout = minutes(5);
    std::vector<std::string> volumes;
    std::vector<std::string> ports;
    std::string network_mode;
    std::vector<std::string> labels;
    std::int64_t pids_limit = 0;
    bool privileged = false;
    bool init = false;
    bool readonly_rootfs = false;
};

// Finds everything that can be found without the node: references are not yet replaced.
DockerConfig read_docker(ConfigReader& reader);
extern const std::span<const std::string_view> kDockerFields;

struct Volume {
    std::string source;
    std::string target;
    bool read_only = false;
};
Result<Volume> parse_volume(const std::string& text);

struct Port {
    std::string address;    // of the host; empty: every one
    std::string host;       // empty: the daemon chooses
    std::string container;  // "80/tcp"
};
Result<Port> parse_port(const std::string& text);

}  // namespace drover::drivers
