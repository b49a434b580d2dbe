// What the daemon's answers say, and what questions need: JSON in and out, and the paths of the API.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/docker/engine.hpp"

namespace drover::docker {

// What our containers are found by.
inline constexpr const char* kNodeLabel = "drover.node";                // id of the node
inline constexpr const char* kIncarnationLabel = "drover.incarnation";  // id of the start
inline constexpr const char* kRecordLabel = "drover.record";            // directory of its record

enum class ContainerState { created, running, ended };

struct Container {
    std::string id;
    ContainerState state = ContainerState::created;
    std::int32_t pid = 0;  // on the machine, of its first process
    std::int32_t exit_code = 0;
    bool oom = false;
    std::string error;            // of the daemon
    std::int64_t started_at = 0;  // unix nanoseconds
    std::int64_t finished_at = 0;
    std::string stop_signal;  // "SIGTERM" where neither the image nor the job says another
};

// A command that was started inside a container.
struct CommandState {
    bool running = false;
    std::int32_t exit_code = 0;
    std::int32_t pid = 0;  // on the machine; 0: not yet, or no more
};

// Each is corrupt when the daemon says something else than expected.
Result<Container> read_container(const Answer& answer);
Result<CommandState> read_command(const Answer& answer);
Result<std::string> read_id(const Answer& answer);

struct Listed {
    std::string id;
    std::map<std::string, std::string> labels;
};
Result<std::vector<Listed>> read_list(const Answer& answer);

struct Version {
    std::string engine;  // "20.10.24"
    std::string api;     // "1.41"
};
Result<Version> read_version(const Answer& answer);

// One line of the progress of an image that is pulled or loaded.
struct Progress {
    std::string layer;  // empty: of the whole
    bool over = false;  // with the layer
    std::uint64_t done = 0;
    std::uint64_t total = 0;  // 0: not known
    std::string error;        // the end of it
};
Result<Progress> read_progress(std::string_view line);

// The sentence of an answer that refuses.
std::string reason(const Answer& answer);

// The body that creates a container, with these labels added to those it has.
Result<std::string> add_labels(std::string_view body, const std::map<std::string, std::string>& labels);

// "/containers/json?...": every container, whatever its state, that has all these labels.
std::string list_path(const std::map<std::string, std::string>& labels);

// For a part of a path or a query.
std::string escape(std::string_view text);

}  // namespace drover::docker
