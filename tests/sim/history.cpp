#include "history.hpp"

#include <algorithm>

namespace drover::sim {

std::string print(const wire::TaskEvent& event) {
    return event.alloc.substr(0, 4) + "/" + event.task + " #" + std::to_string(event.n) + " " + event.type + " (" +
           event.message + ")";
}

std::uint64_t History::recorded(const TaskKey& key) const {
    const auto line = lines_.find(key);
    return line == lines_.end() ? 0 : line->second.events.size();
}

void History::recheck(const wire::TaskEvent& event) const {
    const wire::TaskEvent& known = lines_.at({event.alloc, event.task}).events.at(event.n - 1);
    if (known != event) world_.violate("what is told twice is the same", print(known) + " and " + print(event));
}

void History::record(const wire::AllocDesired& alloc, const wire::TaskEvent& event) {
    Line& line = lines_[{event.alloc, event.task}];
    line.events.push_back(event);
    if (world_.tracing()) world_.trace("store    records " + print(event));
    expect(event.n == line.events.size(), line, "events are numbered without holes");
    follow(line, alloc, event);
}

void History::expect(bool promise, const Line& line, const std::string& what) const {
    if (promise) return;
    std::string told;
    for (const wire::TaskEvent& event : line.events) told += "\n    " + print(event);
    world_.violate(what, told);
}

void History::follow(Line& line, const wire::AllocDesired& alloc, const wire::TaskEvent& event) {
    const std::string& type = event.type;
    if (type == "Restart Signaled" && event.message == "User requested all tasks to restart") {
        if (line.told != Told::up) line.told = line.was_set_up ? Told::ready : Told::received;
        line.killing = false;
        line.counted = 0;
        return;
    }
    expect(line.told != Told::over, line, "nothing follows the end of a task");
    expect(!line.cause || type == "Killing", line, "Killing follows its cause");
    line.cause = false;
    if (type == "Received") {
        expect(line.told == Told::nothing, line, "Received comes first and once");
        line.told = Told::received;
    } else if (type == "Task Setup") {
        expect(line.told == Told::received && !line.killing, line, "Task Setup follows Received");
        line.told = Told::ready;
        line.was_set_up = true;
    } else if (type == "Started") {
        expect(line.told == Told::ready || (line.told == Told::received && line.killing), line,
               "Started follows a setup or a restart");
        line.was_set_up = true;
        line.told = Told::up;
    } else if (type == "Driver Failure") {
        expect(line.told == Told::ready || (line.told == Told::received && line.killing), line,
               "Driver Failure follows a setup or a restart");
        line.was_set_up = true;
        line.told = Told::down;
    } else if (type == "Terminated") {
        expect(line.told == Told::up, line, "Terminated follows Started");
        line.told = Told::down;
    } else if (type == "Restarting") {
        expect(line.told == Told::down, line, "Restarting follows an end");
        line.told = Told::ready;
        const wire::RestartPolicy& policy = alloc.group.restart;
        if (!event.details.at("restart_reason").empty()) ++line.counted;
        if (policy.interval > minutes(1) && policy.mode == wire::RestartMode::fail)
            expect(line.counted <= policy.attempts, line, "no more attempts than the policy allows");
    } else if (type == "Not Restarting") {
        expect(line.told == Told::down && !line.killing, line, "Not Restarting follows an end that nobody asked for");
        line.told = Told::over;
    } else if (type == "Killed") {
        expect(line.told == Told::down && line.killing, line, "Killed follows Killing and an end");
        line.told = Told::over;
    } else if (type == "Killing") {
        expect(!line.killing, line, "Killing comes once");
        line.killing = true;
    } else if (type == "Setup Failure") {
        expect(!line.killing && line.told != Told::up, line, "Setup Failure is for a task that does not run");
        line.killing = true;
    } else if (type == "Failed Artifact Download") {
        expect(line.told == Told::ready, line, "Failed Artifact Download follows a setup or a restart");
        line.told = Told::down;
    } else if (type == "Downloading Artifacts" || type == "Template") {
        expect(line.told == Told::ready && !line.killing, line, type + " follows a setup or a restart");
    } else if (type == "Task hook failed" && event.message.starts_with("template: ")) {
        expect(event.message != line.act_error, line, "what failed of a template change is told once");
        line.act_error = event.message;
    } else if (type == "Waiting for shutdown delay" || type == "Skipping shutdown delay" ||
               type == "Task hook failed") {
        expect(line.told == Told::up, line, type + " is for a running task");
    } else if (type == "Sibling Task Failed" || type == "Leader Task Dead" || type == "Main Tasks Dead") {
        expect(!line.killing, line, "a cause comes before its Killing");
        line.cause = true;
    } else if (type == "Restart Signaled") {
        expect(!line.killing && line.told == Told::up, line, "Restart Signaled is for a task that is up");
    } else {
        expect(type == "Signaling" && line.told == Told::up, line, "Signaling is for a running task");
    }
}

bool History::any(const TaskKey& key, const std::function<bool(const Truth&)>& what) const {
    const auto truths = truths_.find(key);
    return truths != truths_.end() && std::any_of(truths->second.begin(), truths->second.end(),
                                                  [&what](const auto& entry) { return what(entry.second); });
}

void History::check_complete() const {
    for (const auto& [key, line] : lines_) {
        std::map<std::string, int> started;
        std::map<std::string, int> terminated;
        const auto truths = truths_.find(key);
        for (const wire::TaskEvent& event : line.events) {
            if (event.type == "Started") ++started[event.incarnation];
            if (event.type != "Terminated") continue;
            ++terminated[event.incarnation];
            expect(truths != truths_.end() && truths->second.contains(event.incarnation), line,
                   "only what was started is terminated");
            const wire::ExitRecord& exit = truths->second.at(event.incarnation).exit;
            expect(event.details.at("exit_code") == std::to_string(exit.code) &&
                       event.details.at("signal") == std::to_string(exit.signal),
                   line, "the recorded exit is the true one");
        }
        if (truths == truths_.end()) continue;
        for (const auto& [incarnation, truth] : truths->second) {
            expect(started[incarnation] == (truth.ran ? 1 : 0), line, "every process is Started once");
            expect(terminated[incarnation] == (truth.ran && truth.ended ? 1 : 0), line, "every end is Terminated once");
        }
    }
}

}  // namespace drover::sim
