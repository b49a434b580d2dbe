#include "alloc-runner/core/lifecycle.hpp"

namespace drover::alloc_runner::lifecycle {
namespace {

using wire::Condition;
using wire::Hook;
using wire::TaskSpec;
using wire::TaskState;
using wire::TaskStatus;

using Tasks = std::vector<TaskStatus>;

bool has_started(const TaskStatus& task) { return task.started_at.set(); }
bool has_ended(const TaskStatus& task) { return task.phase == wire::TaskPhase::dead; }
bool has_succeeded(const TaskStatus& task) { return has_ended(task) && !task.failed && !task.killed; }

bool holds(Condition condition, const TaskSpec& spec, const TaskStatus& task) {
    switch (condition) {
        case Condition::started: return has_started(task);
        case Condition::ready: return has_started(task) && (task.ready || !spec.ready);
        case Condition::completed: return has_ended(task);
        case Condition::completed_ok: return has_succeeded(task);
    }
    return true;
}

std::string wish(Condition condition) {
    switch (condition) {
        case Condition::started: return "to start";
        case Condition::ready: return "to be ready";
        case Condition::completed: return "to complete";
        case Condition::completed_ok: return "to complete well";
    }
    return "";
}

std::string task(const TaskStatus& status) { return "task " + status.name; }

// What the hook of `spec` waits for in another task.
std::string hook_waits_for(const TaskSpec& spec, const TaskSpec& other, const TaskStatus& status) {
    const Hook hook = other.lifecycle.hook;
    switch (spec.lifecycle.hook) {
        case Hook::prestart: break;
        case Hook::main:
            if (hook != Hook::prestart) break;
            if (other.lifecycle.sidecar) return has_started(status) ? "" : "prestart " + task(status) + " to start";
            return has_succeeded(status) ? "" : "prestart " + task(status) + " to complete";
        case Hook::poststart:
            if (hook == Hook::main && !has_started(status) && !has_ended(status)) return task(status) + " to start";
            break;
        case Hook::poststop:
            if (hook != Hook::poststop && !has_ended(status)) return task(status) + " to end";
            break;
    }
    return "";
}

// Who ends first has the lower one.
int rank(const TaskSpec& spec) {
    if (spec.leader) return 0;
    return spec.lifecycle.sidecar ? 2 : 1;
}

bool ends_before(const TaskSpec& one, const TaskSpec& other) {
    if (rank(one) != rank(other)) return rank(one) < rank(other);
    return one.depends_on.contains(other.name);
}

}  // namespace

std::string waits_for(const wire::GroupSpec& group, const Tasks& tasks, std::size_t i) {
    const TaskSpec& spec = group.tasks[i];
    for (std::size_t k = 0; k < tasks.size(); ++k) {
        if (k == i) continue;
        std::string wait = hook_waits_for(spec, group.tasks[k], tasks[k]);
        if (!wait.empty()) return wait;
        const auto on = spec.depends_on.find(group.tasks[k].name);
        if (on != spec.depends_on.end() && !holds(on->second, group.tasks[k], tasks[k]))
            return task(tasks[k]) + " " + wish(on->second);
    }
    return "";
}

std::string lost_hope(const wire::GroupSpec& group, const Tasks& tasks, std::size_t i) {
    for (std::size_t k = 0; k < tasks.size(); ++k) {
        const auto on = group.tasks[i].depends_on.find(group.tasks[k].name);
        if (on == group.tasks[i].depends_on.end() || !has_ended(tasks[k])) continue;
        if (!holds(on->second, group.tasks[k], tasks[k]))
            return "it waits for " + task(tasks[k]) + " " + wish(on->second) + ", but that has ended";
    }
    return "";
}

bool held(const wire::GroupSpec& group, const Tasks& tasks, std::size_t i) {
    if (!tasks[i].killed) return false;
    for (std::size_t k = 0; k < tasks.size(); ++k) {
        const bool ending = k != i && tasks[k].killed && !has_ended(tasks[k]) && !is_poststop(group.tasks[k]);
        if (ending && ends_before(group.tasks[k], group.tasks[i])) return true;
    }
    return false;
}

}  // namespace drover::alloc_runner::lifecycle
