#include "alloc-runner/core/events.hpp"

namespace drover::alloc_runner::events {

Words received() { return {"Received", "Task received by client", {}}; }

Words task_setup() {
    const std::string message = "Building Task Directory";
    return {"Task Setup", message, {{"message", message}}};
}

Words started() { return {"Started", "Task started by client", {}}; }

Words driver_failure(const std::string& error) {
    return {"Driver Failure", error.empty() ? "Failed to start task" : error, {{"driver_error", error}}};
}

Words terminated(const wire::ExitRecord& exit) {
    Words words{"Terminated", "Exit Code: " + std::to_string(exit.code), {}};
    if (exit.signal != 0) words.message += ", Signal: " + std::to_string(exit.signal);
    if (!exit.error.empty()) words.message += ", Exit Message: \"" + exit.error + "\"";
    words.details = {{"exit_code", std::to_string(exit.code)},
                     {"signal", std::to_string(exit.signal)},
                     {"oom_killed", exit.oom ? "true" : "false"}};
    if (!exit.error.empty()) words.details["exit_message"] = exit.error;
    return words;
}

Words restarting(const Verdict& verdict) {
    std::string message = "Task restarting in " + to_string(verdict.delay);
    if (!verdict.reason.empty() && verdict.reason != kWithinPolicy) message = verdict.reason + " - " + message;
    return {
        "Restarting", message, {{"restart_reason", verdict.reason}, {"start_delay", std::to_string(verdict.delay.ns)}}};
}

Words not_restarting(const Verdict& verdict) {
    return {"Not Restarting",
            verdict.reason.empty() ? "Task exceeded restart policy" : verdict.reason,
            {{"restart_reason", verdict.reason}, {"fails_task", "true"}}};
}

Words restart_signaled() {
    const std::string reason = "User requested task to restart";
    return {"Restart Signaled", reason, {{"restart_reason", reason}}};
}

Words signaling(const std::string& signal, const std::string& problem) {
    Words words{"Signaling", "Task being sent signal " + signal, {{"task_signal", signal}}};
    if (problem.empty()) return words;
    words.message += ": " + problem;
    words.details["task_signal_reason"] = problem;
    return words;
}

Words killing(Duration timeout) {
    return {"Killing",
            "Sent interrupt. Waiting " + to_string(timeout) + " before force killing",
            {{"kill_timeout", to_string(timeout)}}};
}

Words killed() { return {"Killed", "Task successfully killed", {}}; }

Words sibling_failed(const std::string& sibling) {
    return {"Sibling Task Failed", "Task's sibling \"" + sibling + "\" failed", {{"failed_sibling", sibling}}};
}

Words leader_dead() { return {"Leader Task Dead", "Leader Task in Group dead", {}}; }

}  // namespace drover::alloc_runner::events
