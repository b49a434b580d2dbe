// What tasks use of their node: samples, of which nothing is kept and any may be lost.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/time.hpp"
#include "wire/fields.hpp"

namespace drover::wire {

// Stream "task/stats", key "<job>/<alloc>/<task>".
struct TaskUsage {
    std::string job;
    std::string alloc;
    std::string task;
    std::string node;
    std::uint64_t seq = 0;  // the incarnation that runs
    Instant at;
    Duration cpu_time;         // of all its processes since its start, ended ones included
    double cores = 0;          // that it kept busy since the sample before; 0 in the first
    std::uint64_t memory = 0;  // bytes resident in memory, shared ones counted for each process
    std::uint64_t peak = 0;    // the highest `memory` of all samples
    std::uint32_t processes = 0;
    std::uint64_t cache = 0;          // bytes of files kept in memory for it; 0 where the node cannot tell
    std::uint64_t read_bytes = 0;     // from disks by its processes, ended ones as far as they were seen
    std::uint64_t written_bytes = 0;  // to disks, likewise
    std::uint64_t log_bytes = 0;      // of output since its first start
    std::uint64_t dropped_bytes = 0;  // of output that a full disk or a slow sink has cost since then

    static constexpr std::string_view kName = "TaskUsage";
    static constexpr auto fields() {
        return std::tuple(
            field("job", &TaskUsage::job), field("alloc", &TaskUsage::alloc), field("task", &TaskUsage::task),
            field("node", &TaskUsage::node), field("seq", &TaskUsage::seq), field("at", &TaskUsage::at),
            field("cpu_time", &TaskUsage::cpu_time), field("cores", &TaskUsage::cores),
            field("memory", &TaskUsage::memory), field("peak", &TaskUsage::peak),
            field("processes", &TaskUsage::processes), field("cache", &TaskUsage::cache),
            field("read_bytes", &TaskUsage::read_bytes), field("written_bytes", &TaskUsage::written_bytes),
            field("log_bytes", &TaskUsage::log_bytes), field("dropped_bytes", &TaskUsage::dropped_bytes));
    }
    friend bool operator==(const TaskUsage&, const TaskUsage&) = default;
};

// Stream "stats/node", key "<node>". Of the whole machine, whoever uses it, but for the last three.
struct NodeUsage {
    std::string node;
    Instant at;
    Duration cpu_time;         // of all processors since the machine started
    double cores = 0;          // kept busy since the sample before; 0 in the first
    std::uint32_t cpus = 0;    // that there are
    std::uint64_t memory = 0;  // bytes in use: all but what a new program could have
    std::uint64_t peak = 0;    // the highest `memory` of all samples
    std::uint64_t memory_total = 0;
    std::uint64_t cache = 0;  // bytes of files kept in memory
    std::uint32_t processes = 0;
    std::uint64_t read_bytes = 0;  // from disks since the machine started
    std::uint64_t written_bytes = 0;
    std::uint32_t tasks = 0;      // that run
    std::uint64_t log_bytes = 0;  // sums of theirs
    std::uint64_t dropped_bytes = 0;

    static constexpr std::string_view kName = "NodeUsage";
    static constexpr auto fields() {
        return std::tuple(field("node", &NodeUsage::node), field("at", &NodeUsage::at),
                          field("cpu_time", &NodeUsage::cpu_time), field("cores", &NodeUsage::cores),
                          field("cpus", &NodeUsage::cpus), field("memory", &NodeUsage::memory),
                          field("peak", &NodeUsage::peak), field("memory_total", &NodeUsage::memory_total),
                          field("cache", &NodeUsage::cache), field("processes", &NodeUsage::processes),
                          field("read_bytes", &NodeUsage::read_bytes),
                          field("written_bytes", &NodeUsage::written_bytes), field("tasks", &NodeUsage::tasks),
                          field("log_bytes", &NodeUsage::log_bytes), field("dropped_bytes", &NodeUsage::dropped_bytes));
    }
    friend bool operator==(const NodeUsage&, const NodeUsage&) = default;
};

// Stream "device/stats", key "<node>/<hash of `device`>".
struct DeviceUsage {
    std::string node;
    std::string device;  // "vendor/type/name/id"
    Instant at;
    std::map<std::string, double> values;  // by what was measured, with its unit: "memory_used_bytes"

    static constexpr std::string_view kName = "DeviceUsage";
    static constexpr auto fields() {
        return std::tuple(field("node", &DeviceUsage::node), field("device", &DeviceUsage::device),
                          field("at", &DeviceUsage::at), field("values", &DeviceUsage::values));
    }
    friend bool operator==(const DeviceUsage&, const DeviceUsage&) = default;
};

}  // namespace drover::wire
