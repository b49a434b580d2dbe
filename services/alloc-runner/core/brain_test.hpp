// The little that a brain has to do with in its tests: one job of one task, one node, and itself.
#pragma once

#include "alloc-runner/core/brain.hpp"

namespace drover::alloc_runner {

inline wire::JobDesired web_job() {
    wire::TaskSpec task;
    task.name = "server";
    task.driver = "mock";
    wire::GroupSpec group;
    group.name = "front";
    group.tasks.push_back(task);
    wire::JobDesired job;
    job.spec.name = "web";
    job.spec.groups.push_back(group);
    job.uid = "uid";
    job.version = 1;
    return job;
}

inline wire::NodeStatus mock_node() {
    wire::NodeStatus node;
    node.node.id = "n1";
    node.node.drivers["mock"] = {true, true, ""};
    return node;
}

inline BrainRules own_rules() {
    BrainRules rules;
    rules.id = "ar-0";
    rules.boot = "boot-a";
    return rules;
}

inline wire::Members own_membership() {
    wire::Members members;
    members.generation = 4;
    members.alloc_runners = {{own_rules().id, own_rules().boot}};
    return members;
}

}  // namespace drover::alloc_runner
