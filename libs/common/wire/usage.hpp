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

    static constexpr std::string_view kName = "TaskUsage";
    static constexpr auto fields() {
        return std::tuple(field("job", &TaskUsage::job), field("alloc", &TaskUsage::alloc),
                          field("task", &TaskUsage::task), field("node", &TaskUsage::node),
                          field("seq", &TaskUsage::seq), field("at", &TaskUsage::at),
                          field("cpu_time", &TaskUsage::cpu_time), field("cores", &TaskUsage::cores),
                          field("memory", &TaskUsage::memory), field("peak", &TaskUsage::peak),
                          field("processes", &TaskUsage::processes));
    }
    friend bool operator==(const TaskUsage&, const TaskUsage&) = default;
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
