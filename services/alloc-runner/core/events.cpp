#include "alloc-runner/core/events.hpp"

namespace drover::alloc_runner::events {

Words received() { return {"Received", "Task received by client", {}}; }

Words task_setup(Duration took) {
    const std::string message = "Building Task Directory";
    Words words{"Task Setup", message, {{"message", message}}};
    if (took.ns > 0) words.details["duration"] = to_string(took);
    return words;
}

Words downloading_artifacts() { return {"Downloading Artifacts", "Client is downloading artifacts", {}}; }

Words setup_step_failed(wire::SetupKind kind, const std::string& error) {
    if (kind == wire::SetupKind::artifacts)
        return {"Failed Artifact Download",
                error.empty() ? "Failed to download artifacts" : error,
                {{"download_error", error}}};
    if (kind == wire::SetupKind::directory) return setup_failure(error, false);
    return hook_failed(std::string(to_string(kind)), error);
}

Words template_missing(const std::string& what) {
    const std::string message = "Missing: " + what;
    return {"Template", message, {{"message", message}}};
}

Words setup_failure(const std::string& reason, bool for_good) {
    Words words{"Setup Failure", reason.empty() ? "Task setup failed" : reason, {{"setup_error", reason}}};
    if (for_good) words.details["fails_task"] = "true";
    return words;
}

Words started(const std::vector<wire::SetupStep>& steps) {
    Words words{"Started", "Task started by client", {}};
    for (const wire::SetupStep& step : steps) words.details[std::string(to_string(step.kind))] = to_string(step.took);
    return words;
}

Words directory_gone(const std::string& path) {
    const std::string message =
        "The directory " + path + " has vanished; the task goes on, and its next start makes the directory anew";
    return {"Task hook message", message, {{"message", message}}};
}

Words driver(const std::string& message) { return {"Driver", message, {{"driver_message", message}}}; }

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

Words session(const wire::SessionNote& note) {
    Words words{"Exec Started", note.by + " runs in the task: " + note.command, {}};
    words.details = {{"user", note.by}, {"command", note.command}};
    if (!note.over) return words;
    words.type = "Exec Ended";
    words.message = note.by + " ran in the task for " + to_string(note.took) + ": " + note.command;
    words.message += note.error.empty() ? ", Exit Code: " + std::to_string(note.code) : "; " + note.error;
    words.details["duration"] = to_string(note.took);
    words.details["exit_code"] = std::to_string(note.code);
    if (!note.error.empty()) words.details["exec_error"] = note.error;
    return words;
}

Words sessions_untold(std::uint64_t count) {
    const std::string message = std::to_string(count) + " beginnings or ends of commands run in the task are missing " +
                                "here: too many came at once; the log of the node's driver-manager has them";
    return {"Task hook message", message, {{"message", message}}};
}

Words restarting(const policy::Verdict& verdict) {
    std::string message = "Task restarting in " + to_string(verdict.delay);
    if (!verdict.reason.empty() && verdict.reason != policy::kWithinPolicy) message = verdict.reason + " - " + message;
    return {
        "Restarting", message, {{"restart_reason", verdict.reason}, {"start_delay", std::to_string(verdict.delay.ns)}}};
}

Words not_restarting(const policy::Verdict& verdict) {
    return {"Not Restarting",
            verdict.reason.empty() ? "Task exceeded restart policy" : verdict.reason,
            {{"restart_reason", verdict.reason}, {"fails_task", "true"}}};
}

Words restart_signaled(const std::string& reason) {
    return {"Restart Signaled", reason.empty() ? "Task signaled to restart" : reason, {{"restart_reason", reason}}};
}

Words signaling(const std::string& signal, const std::string& reason) {
    Words words{"Signaling", "Task being sent signal " + signal, {{"task_signal", signal}}};
    if (reason.empty()) return words;
    words.message += ": " + reason;
    words.details["task_signal_reason"] = reason;
    return words;
}

Words killing(Duration timeout, const std::string& reason) {
    Words words{"Killing",
                "Sent interrupt. Waiting " + to_string(timeout) + " before force killing",
                {{"kill_timeout", to_string(timeout)}}};
    if (reason.empty()) return words;
    words.message = reason;
    words.details["kill_reason"] = reason;
    return words;
}

Words waiting_for_shutdown_delay(Duration delay) {
    const std::string length = to_string(delay);
    return {"Waiting for shutdown delay", "Waiting for shutdown_delay of " + length + " before killing the task.", {}};
}

Words skipping_shutdown_delay(Duration delay) {
    const std::string length = to_string(delay);
    return {"Skipping shutdown delay", "Skipping shutdown_delay of " + length + " before killing the task.", {}};
}

Words hook_failed(const std::string& hook, const std::string& error) {
    const std::string message = hook + ": " + error;
    return {"Task hook failed", message, {{"message", message}}};
}

Words killed() { return {"Killed", "Task successfully killed", {}}; }

Words sibling_failed(const std::string& sibling) {
    return {"Sibling Task Failed", "Task's sibling \"" + sibling + "\" failed", {{"failed_sibling", sibling}}};
}

Words leader_dead() { return {"Leader Task Dead", "Leader Task in Group dead", {}}; }

Words mains_dead() { return {"Main Tasks Dead", "Main tasks in the group died", {}}; }

}  // namespace drover::alloc_runner::events
