// Objects for the tests of this folder.
#pragma once

#include "gateway/mirror.hpp"
#include "wire/codec.hpp"

namespace drover::gateway::test {

template <class T>
void put(bus::Follower& follower, const std::string& key, const T& object) {
    wire::Record record;
    record.key = key;
    record.kind = T::kName;
    record.body = wire::encode(object);
    follower.on_record("store", "state", record);
}

inline void erase(bus::Follower& follower, const std::string& key) {
    wire::Record record;
    record.key = key;
    record.erased = true;
    follower.on_record("store", "state", record);
}

inline wire::JobDesired job(const std::string& name, std::uint32_t count = 1) {
    wire::JobDesired job;
    job.spec.name = name;
    job.version = 1;
    wire::GroupSpec group;
    group.name = "front";
    group.count = count;
    group.tasks.resize(1);
    group.tasks[0].name = "server";
    group.tasks[0].driver = "raw_exec";
    job.spec.groups = {group};
    return job;
}

inline wire::AllocDesired alloc(const std::string& id, const wire::JobDesired& job, std::uint32_t index = 0) {
    wire::AllocDesired alloc;
    alloc.id = id;
    alloc.job = job.spec.name;
    alloc.job_version = job.version;
    alloc.group = job.spec.groups[0];
    alloc.index = index;
    alloc.node = "node-1";
    return alloc;
}

inline wire::AllocStatus status(const wire::AllocDesired& alloc, wire::ClientStatus client, wire::TaskState task) {
    wire::AllocStatus status;
    status.id = alloc.id;
    status.job = alloc.job;
    status.status = client;
    status.tasks.resize(1);
    status.tasks[0].name = "server";
    status.tasks[0].state = task;
    return status;
}

inline wire::NodeStatus node(const std::string& id, bool healthy = true) {
    wire::NodeStatus node;
    node.node.id = id;
    node.node.drivers["raw_exec"] = {true, healthy, ""};
    return node;
}

inline wire::Members members() {
    wire::Members members;
    members.alloc_runners = {{"ar-0", "b"}};
    return members;
}

}  // namespace drover::gateway::test
