// What a user writes: a job, its groups, their tasks. docs/jobs.md documents every field.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "wire/fields.hpp"
#include "wire/value.hpp"

namespace drover::wire {

enum class JobType { service, batch };
WIRE_ENUM(JobType, "service", "batch");

enum class RestartMode { fail, delay };
WIRE_ENUM(RestartMode, "fail", "delay");

// Nomad's defaults for service jobs; job parsing applies those of batch jobs (attempts 3, interval 24h).
struct RestartPolicy {
    std::uint32_t attempts = 2;
    Duration interval = minutes(30);
    Duration delay = seconds(15);
    RestartMode mode = RestartMode::fail;

    static constexpr std::string_view kName = "RestartPolicy";
    static constexpr auto fields() {
        return std::tuple(field("attempts", &RestartPolicy::attempts), field("interval", &RestartPolicy::interval),
                          field("delay", &RestartPolicy::delay), field("mode", &RestartPolicy::mode));
    }
    friend bool operator==(const RestartPolicy&, const RestartPolicy&) = default;
};

// Zero means unlimited.
struct Resources {
    double cpu = 0;            // cores
    std::uint64_t memory = 0;  // bytes

    static constexpr std::string_view kName = "Resources";
    static constexpr auto fields() {
        return std::tuple(field("cpu", &Resources::cpu), field("memory", &Resources::memory));
    }
    friend bool operator==(const Resources&, const Resources&) = default;
};

struct LogConfig {
    std::uint32_t max_files = 10;
    std::uint64_t max_file_size = 10 << 20;  // bytes

    static constexpr std::string_view kName = "LogConfig";
    static constexpr auto fields() {
        return std::tuple(field("max_files", &LogConfig::max_files), field("max_file_size", &LogConfig::max_file_size));
    }
    friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

struct TaskSpec {
    std::string name;
    std::string driver;
    Value::Map config;
    std::map<std::string, std::string> env;
    std::string user;  // empty: the driver's default
    Resources resources;
    std::string kill_signal;  // "SIGTERM"; empty: the driver's default, SIGINT
    Duration kill_timeout = seconds(5);
    bool leader = false;
    LogConfig logs;

    static constexpr std::string_view kName = "TaskSpec";
    static constexpr auto fields() {
        return std::tuple(field("name", &TaskSpec::name), field("driver", &TaskSpec::driver),
                          field("config", &TaskSpec::config), field("env", &TaskSpec::env),
                          field("user", &TaskSpec::user), field("resources", &TaskSpec::resources),
                          field("kill_signal", &TaskSpec::kill_signal), field("kill_timeout", &TaskSpec::kill_timeout),
                          field("leader", &TaskSpec::leader), field("logs", &TaskSpec::logs));
    }
    friend bool operator==(const TaskSpec&, const TaskSpec&) = default;
};

struct GroupSpec {
    std::string name;
    std::uint32_t count = 1;
    RestartPolicy restart;
    std::vector<TaskSpec> tasks;

    static constexpr std::string_view kName = "GroupSpec";
    static constexpr auto fields() {
        return std::tuple(field("name", &GroupSpec::name), field("count", &GroupSpec::count),
                          field("restart", &GroupSpec::restart), field("tasks", &GroupSpec::tasks));
    }
    friend bool operator==(const GroupSpec&, const GroupSpec&) = default;
};

struct JobSpec {
    std::string name;
    JobType type = JobType::service;
    std::vector<GroupSpec> groups;

    static constexpr std::string_view kName = "JobSpec";
    static constexpr auto fields() {
        return std::tuple(field("name", &JobSpec::name), field("type", &JobSpec::type),
                          field("groups", &JobSpec::groups));
    }
    friend bool operator==(const JobSpec&, const JobSpec&) = default;
};

}  // namespace drover::wire
