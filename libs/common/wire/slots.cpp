#include "wire/slots.hpp"

#include <algorithm>

namespace drover::wire {

namespace {

bool same_work(GroupSpec a, const GroupSpec& b) {
    a.count = b.count;
    a.max_parallel = b.max_parallel;
    return a == b;
}

bool has(const std::map<std::string, std::vector<std::uint32_t>>& places, const std::string& group,
         std::uint32_t index) {
    const auto at = places.find(group);
    return at != places.end() && std::find(at->second.begin(), at->second.end(), index) != at->second.end();
}

const GroupSpec* find_group(const JobSpec& job, const std::string& name) {
    const auto at = std::find_if(job.groups.begin(), job.groups.end(),
                                 [&name](const GroupSpec& group) { return group.name == name; });
    return at == job.groups.end() ? nullptr : &*at;
}

}  // namespace

const GroupSpec* find_place(const JobSpec& job, const std::string& group, std::uint32_t index) {
    const GroupSpec* found = find_group(job, group);
    return found && index < found->count ? found : nullptr;
}

std::string payload_for(const JobSpec& job, const GroupSpec& group) {
    const bool taken = std::any_of(group.tasks.begin(), group.tasks.end(),
                                   [](const TaskSpec& task) { return !task.payload_file.empty(); });
    return taken ? job.payload : std::string();
}

bool same_work(const JobSpec& before, const JobSpec& after, const std::string& group) {
    const GroupSpec* a = find_group(before, group);
    const GroupSpec* b = find_group(after, group);
    return a && b && before.type == after.type && before.meta == after.meta && same_work(*a, *b) &&
           payload_for(before, *a) == payload_for(after, *b);
}

bool fits(const JobSpec& job, const AllocDesired& alloc) {
    const GroupSpec* group = find_place(job, alloc.group.name, alloc.index);
    return group && alloc.type == job.type && alloc.meta == job.meta && same_work(alloc.group, *group) &&
           alloc.payload == payload_for(job, *group);
}

bool is_finished(const JobDesired& job, const std::string& group, std::uint32_t index) {
    return has(job.completed, group, index) || has(job.failed, group, index);
}

bool has_ended(const AllocStatus& status) {
    return !status.tasks.empty() && std::all_of(status.tasks.begin(), status.tasks.end(),
                                                [](const TaskStatus& task) { return task.phase == TaskPhase::dead; });
}

bool has_completed(const AllocDesired& alloc, const AllocStatus& status) {
    if (alloc.type != JobType::batch || !has_ended(status)) return false;
    const auto& specs = alloc.group.tasks;
    const bool led = std::any_of(specs.begin(), specs.end(), [](const TaskSpec& spec) { return spec.leader; });
    bool worked = false;
    for (const TaskSpec& spec : specs) {
        const auto task = std::find_if(status.tasks.begin(), status.tasks.end(),
                                       [&spec](const TaskStatus& one) { return one.name == spec.name; });
        if (task == status.tasks.end() || task->failed) return false;
        if (led ? !spec.leader : spec.lifecycle.hook != Hook::main) continue;
        if (!task->exit || !task->exit->successful()) return false;
        worked = true;
    }
    return worked;
}

bool completed_in_drain(const AllocDesired& alloc, const AllocStatus& status) {
    return alloc.desired == Desired::stop && alloc.reason.starts_with(kNodeDrains) && has_completed(alloc, status);
}

}  // namespace drover::wire
