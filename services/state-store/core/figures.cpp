#include "state-store/core/figures.hpp"

#include "state-store/core/keys.hpp"

namespace drover::store {
namespace {

using metrics::metric;

constexpr const char* kAllocStates[] = {"pending", "running", "complete", "failed", "lost"};
constexpr const char* kTaskStates[] = {"pending", "running", "dead"};

std::vector<std::string> task_names(const wire::GroupSpec& group) {
    std::vector<std::string> out;
    for (const wire::TaskSpec& task : group.tasks) out.push_back(task.name);
    return out;
}

}  // namespace

const std::vector<std::string>& Figures::prefixes() {
    static const std::vector<std::string> all = {job_key(""), alloc_key(""), status_key(""), node_key(""),
                                                 tally_key("")};
    return all;
}

Figures::Job Figures::Job::of(const wire::JobDesired& job) {
    Job out{job.stopped, {}};
    for (const wire::GroupSpec& group : job.spec.groups) out.groups[group.name] = task_names(group);
    return out;
}

Figures::Alloc Figures::Alloc::of(const wire::AllocDesired& alloc) {
    return {alloc.job, alloc.group.name, task_names(alloc.group)};
}

Figures::Status Figures::Status::of(const wire::AllocStatus& status) {
    Status out{std::string(to_string(status.status)), {}};
    for (const wire::TaskStatus& task : status.tasks) out.tasks[task.name] = to_string(task.state);
    return out;
}

Figures::Node Figures::Node::of(const wire::NodeStatus& node) { return {std::string(to_string(node.state))}; }

template <class Message, class Counted>
void Figures::take(std::map<std::string, Counted>& table, const std::string& name,
                   const std::optional<std::string>& value) {
    table.erase(name);
    if (!value) return;
    if (const auto message = wire::decode<Message>(*value)) table[name] = Counted::of(*message);
}

void Figures::hear(const std::string& key, const std::optional<std::string>& value) {
    if (key.starts_with(kEventPrefix)) {
        if (!value) return;
        if (const auto event = wire::decode<wire::TaskEvent>(*value)) ++events_[event->type];
        return;
    }
    for (const std::string& prefix : prefixes()) {
        if (!key.starts_with(prefix)) continue;
        const std::string name = key.substr(prefix.size());
        if (prefix == job_key("")) take<wire::JobDesired>(jobs_, name, value);
        if (prefix == alloc_key("")) take<wire::AllocDesired>(allocs_, name, value);
        if (prefix == status_key("")) take<wire::AllocStatus>(statuses_, name, value);
        if (prefix == node_key("")) take<wire::NodeStatus>(nodes_, name, value);
        if (prefix != tally_key("")) continue;
        tallies_.erase(name);
        if (value) tallies_[name] = read_tallies(*value);
    }
}

void Figures::measure(metrics::Page& page) const {
    for (const char* state : {"wanted", "stopped"}) page.add(metric("drover_jobs"), {state}, 0);
    for (const auto& [name, job] : jobs_) page.add(metric("drover_jobs"), {job.stopped ? "stopped" : "wanted"}, 1);
    for (const char* state : {"ready", "down"}) page.add(metric("drover_nodes"), {state}, 0);
    for (const auto& [id, node] : nodes_) page.add(metric("drover_nodes"), {node.state}, 1);
    for (const auto& [type, count] : events_)
        page.add(metric("drover_events_total"), {type}, static_cast<double>(count));
    measure_allocs(page);
    measure_tallies(page);
}

void Figures::measure_allocs(metrics::Page& page) const {
    const metrics::Metric& allocs = metric("drover_allocs");
    const metrics::Metric& tasks = metric("drover_tasks");
    for (const auto& [name, job] : jobs_) {
        for (const auto& [group, members] : job.groups) {
            for (const char* state : kAllocStates) page.add(allocs, {name, group, state}, 0);
            for (const std::string& task : members)
                for (const char* state : kTaskStates) page.add(tasks, {name, group, task, state}, 0);
        }
    }
    for (const auto& [id, alloc] : allocs_) {
        const auto status = statuses_.find(id);
        const bool known = status != statuses_.end();
        page.add(allocs, {alloc.job, alloc.group, known ? status->second.state : "pending"}, 1);
        for (const std::string& task : alloc.tasks) {
            std::string state = "pending";
            if (known && status->second.tasks.contains(task)) state = status->second.tasks.at(task);
            page.add(tasks, {alloc.job, alloc.group, task, state}, 1);
        }
    }
}

void Figures::measure_tallies(metrics::Page& page) const {
    const std::pair<const metrics::Metric&, std::uint64_t Tally::*> counts[] = {
        {metric("drover_task_starts_total"), &Tally::starts},
        {metric("drover_task_start_failures_total"), &Tally::start_failures},
        {metric("drover_task_restarts_total"), &Tally::restarts}};
    const std::pair<const char*, std::uint64_t Tally::*> causes[] = {
        {"success", &Tally::success}, {"failure", &Tally::failure}, {"signal", &Tally::signal},
        {"oom", &Tally::oom},         {"unseen", &Tally::unseen},   {"stopped", &Tally::stopped}};
    for (const auto& [job, tallies] : tallies_) {
        for (const auto& [name, tally] : tallies) {
            const auto& [group, task] = name;
            for (const auto& [one, member] : counts)
                page.add(one, {job, group, task}, static_cast<double>(tally.*member));
            for (const auto& [cause, member] : causes)
                page.add(metric("drover_task_exits_total"), {job, group, task, cause},
                         static_cast<double>(tally.*member));
        }
    }
}

}  // namespace drover::store
