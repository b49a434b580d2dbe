// Every metric of every service, for pages and for docs/metrics.md.
#pragma once

#include <array>
#include <string_view>

namespace drover::metrics {

enum class Type { counter, gauge, histogram };

struct Metric {
    std::string_view name;
    Type type;
    std::string_view labels;  // separated by spaces; "" without
    std::string_view from;    // the service that has it
    std::string_view meaning;
};

// Of a task, labels are what users named: job, group and task. An alloc's id is only in drover_task_info.
inline constexpr auto kMetrics = std::to_array<Metric>({
    {"drover_service_info", Type::gauge, "service id version", "every service", "1, with what this process is."},
    {"process_start_time_seconds", Type::gauge, "", "every service",
     "When this process started, in seconds since 1970: counters of a process begin at 0 then."},
    {"process_cpu_seconds_total", Type::counter, "", "every service", "Processor time that this process has used."},
    {"process_resident_memory_bytes", Type::gauge, "", "every service", "Memory that this process has."},
    {"process_open_fds", Type::gauge, "", "every service", "File descriptors that this process has open."},
    {"drover_bus_gaps_total", Type::counter, "", "every service",
     "Messages that were heard before something that had to come before them."},
    {"drover_bus_repairs_total", Type::counter, "", "every service",
     "Gaps in what was heard that were closed, by hearing again what was missing."},
    {"drover_bus_replayed_records_total", Type::counter, "", "every service",
     "Records said again because somebody had missed them."},
    {"drover_bus_duplicate_records_total", Type::counter, "", "every service",
     "Records heard that were known already."},
    {"drover_bus_refused_messages_total", Type::counter, "", "every service", "Messages that could not be read."},
    {"drover_bus_unsent_messages_total", Type::counter, "", "every service",
     "Messages of this service that were not sent because they were too long."},
    {"drover_bus_turned_away_total", Type::counter, "", "every service",
     "Connections and messages of those who may not connect, or not say that."},
    {"drover_metrics_left_out", Type::gauge, "", "every service",
     "Series that were left out of this page because a metric has too many."},

    {"drover_jobs", Type::gauge, "state", "state-store", "Jobs that are known: wanted or stopped."},
    {"drover_allocs", Type::gauge, "job group state", "state-store", "Allocs that are kept, by client status."},
    {"drover_tasks", Type::gauge, "job group task state", "state-store",
     "Tasks of the allocs that are kept, by state; 0 from when their job is submitted."},
    {"drover_nodes", Type::gauge, "state", "state-store", "Nodes that have reported."},
    {"drover_task_starts_total", Type::counter, "job group task", "state-store",
     "Recorded starts of a task since its job was submitted."},
    {"drover_task_exits_total", Type::counter, "job group task cause", "state-store",
     "Recorded ends of a task's process since then: success, failure (a code), signal, oom, unseen (nobody saw "
     "how), or stopped (its alloc was to end)."},
    {"drover_task_start_failures_total", Type::counter, "job group task", "state-store",
     "Recorded starts of a task that failed before it ran."},
    {"drover_task_restarts_total", Type::counter, "job group task", "state-store",
     "Recorded restarts of a task, by its policy or by a user, since then."},
    {"drover_events_total", Type::counter, "type", "state-store", "Events recorded by this process."},
    {"drover_events", Type::gauge, "", "state-store", "Events that are kept."},
    {"drover_audit_records", Type::gauge, "", "state-store", "Audit records that are kept."},
    {"drover_store_commits_total", Type::counter, "", "state-store", "Commits that are on the disk."},
    {"drover_store_commit_failures_total", Type::counter, "", "state-store", "Commits that the disk has refused."},
    {"drover_store_commit_seconds", Type::histogram, "", "state-store", "How long a commit took, to the disk."},
    {"drover_store_refused_total", Type::counter, "", "state-store",
     "Statements that were malformed, of an old term, or about nothing known."},
    {"drover_store_revision", Type::gauge, "", "state-store", "The number of the newest change."},
    {"drover_store_queue", Type::gauge, "queue", "state-store",
     "What waits: statements to be recorded, questions to be answered, collections asked for."},
    {"drover_store_has_room", Type::gauge, "", "state-store", "0 while new work is refused because the disk is full."},

    {"drover_runner_term", Type::gauge, "", "alloc-runner", "The term that it decides in; 0: it decides nothing."},
    {"drover_runner_jobs", Type::gauge, "", "alloc-runner", "Jobs that it decides for."},
    {"drover_runner_reports_waiting", Type::gauge, "", "alloc-runner",
     "Reports and proposals that the state-store has not recorded yet."},
    {"drover_runner_commands", Type::gauge, "", "alloc-runner", "Commands that stand for the nodes."},
    {"drover_runner_events_total", Type::counter, "type", "alloc-runner", "Events that it has made."},
    {"drover_runner_settle_seconds", Type::histogram, "", "alloc-runner", "How long one round of decisions took."},

    {"drover_node_commands_total", Type::counter, "", "driver-manager", "Commands that were applied."},
    {"drover_node_refused_total", Type::counter, "", "driver-manager",
     "Commands that were malformed, of an old term, or about nothing known."},
    {"drover_node_starts_total", Type::counter, "", "driver-manager", "Starts of tasks that were begun."},
    {"drover_node_owed_actions", Type::gauge, "", "driver-manager",
     "Actions that wait because the disk does not take what has to be written first."},
    {"drover_start_seconds", Type::histogram, "step", "driver-manager",
     "How long starts of tasks took: each step of the setup, and \"all\" from its beginning until the task ran."},
    {"drover_task_info", Type::gauge, "alloc job group task", "driver-manager", "1 for each task that runs here."},
    {"drover_task_cpu_seconds_total", Type::counter, "job group task", "driver-manager",
     "Processor time of a task's processes here, as far as this driver-manager has seen it."},
    {"drover_task_memory_bytes", Type::gauge, "job group task", "driver-manager", "Memory of a task's processes here."},
    {"drover_task_log_bytes_total", Type::counter, "job group task", "driver-manager",
     "Output of a task here, as far as this driver-manager has seen it."},
    {"drover_task_log_dropped_bytes_total", Type::counter, "job group task", "driver-manager",
     "Output of a task that a full disk or a slow daemon has cost, likewise."},

    {"drover_http_requests_total", Type::counter, "method code", "gateway", "Requests answered."},
    {"drover_http_request_seconds", Type::histogram, "", "gateway",
     "How long an answer took; of a stream, until it began."},
    {"drover_http_turned_away_total", Type::counter, "", "gateway",
     "Requests of those who may not come in, or not do that."},
    {"drover_store_reachable", Type::gauge, "", "gateway", "1 when the state-store was heard in the last 3 s."},
    {"drover_gateway_refused_records_total", Type::counter, "", "gateway",
     "Records of the state that could not be read."},
});

// The metric of this name, found while compiling: a name that is not in the catalog does not compile.
consteval const Metric& metric(std::string_view name) {
    for (const Metric& one : kMetrics)
        if (one.name == name) return one;
    throw "no such metric in metrics/catalog.hpp";
}

}  // namespace drover::metrics
