// Every topic of the bus, for docs/topics.md and for whoever listens. A topic is "v1/<stream>/<key>/".
#pragma once

#include <array>
#include <string_view>

namespace drover::wire {

struct Topic {
    std::string_view stream;  // <...> stands for a name or an id
    std::string_view key;
    std::string_view kind;  // of the message: its kName
    std::string_view from;  // the service that says it
    std::string_view when;  // a sentence
};

inline constexpr auto kTopics = std::to_array<Topic>({
    {"task/event", "<job>/<alloc>/<task>", "TaskEvent", "state-store",
     "Something has happened to a task, and is recorded. Each is said once and kept until retention."},
    {"audit", "<number>", "AuditRecord", "state-store",
     "Somebody has asked for a change, or run a command beside a task, and it is recorded whether he got it."},
    {"task/stats", "<job>/<alloc>/<task>", "TaskUsage", "driver-manager",
     "A sample of what a running task uses: every second while somebody listens to it, else every 10 s. Never "
     "repeated."},
    {"task/log", "<job>/<alloc>/<task>/<stdout or stderr>", "TaskOutput", "driver-manager",
     "A task wrote something. Said only while somebody listens to it, and never repeated."},
    {"stats/node", "<node>", "NodeUsage", "driver-manager",
     "A sample of what a node is busy with: every second while somebody listens, else every 10 s. Never repeated."},
    {"device/stats", "<node>/<hash of the device>", "DeviceUsage", "driver-manager",
     "A sample of what a device of a node does: every second, and only while somebody listens. Never repeated."},
    {"task/observed/<node>", "<alloc>/<task>", "TaskObserved", "driver-manager",
     "What a node sees of a task's starts has changed: setup steps, a pid, an exit."},
    {"task/command/<node>", "<alloc>/<task>", "TaskCommand", "alloc-runner",
     "What a node should do for a task has changed. The whole desire, not a step."},
    {"report/<alloc-runner>", "report/<alloc>", "AllocReport", "alloc-runner",
     "An alloc's status and events, to be recorded; stands until they are."},
    {"report/<alloc-runner>", "alloc/<alloc>", "AllocDesired", "alloc-runner",
     "An alloc that should begin or stop, proposed to the state-store."},
    {"state", "job/<job>", "JobDesired", "state-store", "A job was submitted, changed or stopped."},
    {"state", "alloc/<alloc>", "AllocDesired", "state-store", "An alloc was placed, or told to stop."},
    {"state", "order/<alloc>", "AllocOrder", "state-store", "A user asked for a restart or a signal."},
    {"state", "status/<alloc>", "AllocStatus", "state-store", "The status of an alloc and its tasks was recorded."},
    {"state", "recorded/<alloc>", "AllocRecorded", "state-store",
     "How far an alloc's reports are recorded: the alloc-runner's acknowledgement."},
    {"state", "collected/<alloc>", "CollectedAlloc", "state-store",
     "An alloc that had ended was removed; this is what is kept of it."},
    {"state", "node/<node>", "NodeStatus", "state-store",
     "A node is ready, suspect or lost, or what it offers has changed."},
    {"state", "nodeorder/<node>", "NodeOrder", "state-store", "A node is to be drained, or may be placed on again."},
    {"state", "variable/<path>", "VariableDesired", "state-store",
     "A variable has a new version; its secret values are sealed."},
    {"state", "members", "Members", "state-store",
     "Which alloc-runners share the jobs has changed; its generation is their term."},
    {"peer", "<service>", "PeerAddress", "state-store", "Where a service is heard."},
    {"answer/<gateway>", "<request>", "Answer", "state-store", "The answer to a request; stands until it was seen."},
    {"node", "<node>", "NodeObserved", "driver-manager",
     "What a node is and offers: capacity, attributes, the health of its drivers."},
    {"logchunk/<gateway>", "<request>", "LogChunk", "driver-manager", "A piece of a task's log that was asked for."},
    {"sessionseen/<gateway>", "<session>", "SessionObserved", "driver-manager",
     "What came of a command beside a task: output, input taken, its end."},
    {"request/<gateway>", "<request>", "Request", "gateway", "Somebody asked for something by HTTP."},
    {"logread/<gateway>", "<node>/<request>", "LogRead", "gateway", "Somebody reads a task's log."},
    {"session/<gateway>", "<node>/<session>", "SessionDesired", "gateway",
     "What is wanted of a command beside a task: its words, input, the size of its terminal."},
    {"vector/<role>", "<service>", "Vector", "every service",
     "Once a second and on change: how far its streams go, and how far it has read those of others."},
});

}  // namespace drover::wire
