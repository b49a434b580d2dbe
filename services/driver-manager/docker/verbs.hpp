// What drover-docker does. Errors of kind `unavailable` are those of a daemon that does not answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/docker/engine.hpp"
#include "driver-manager/docker/login.hpp"

namespace drover::docker {

// The supervisor of the container whose spec lies in the directory; returns the exit code of the process.
int supervise(const char* directory);

// Prints "20.10.24 1.41", the daemon's version and that of its API.
Result<void> look(const Engine& engine);

struct ImageOrder {
    std::string image;
    std::string archive;           // path of a tar of `docker save`; empty: the image is pulled
    bool force = false;            // although there is one of that name
    Duration silence;              // how long nothing may come of it
    std::optional<Login> login{};  // of the task
    std::string auth_file{};       // otherwise: path of a config.json of docker, or empty
};

// Has the daemon get the image, and prints a line for each step forward: "2 of 5 layers, 12 of 40 MiB".
Result<void> get_image(const Engine& engine, const ImageOrder& order);

// Removes the containers of this node whose record, a directory below `records`, does not exist; prints the id of each.
// Others are never touched.
Result<void> sweep(const Engine& engine, const std::string& node, const std::string& records);

}  // namespace drover::docker
