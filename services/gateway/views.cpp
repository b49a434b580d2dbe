#include "gateway/views.hpp"

#include "wire/codec.hpp"

namespace drover::gateway {
namespace {

Json exit_view(const std::optional<wire::ExitRecord>& exit) {
    if (!exit) return nullptr;
    return {{"code", exit->code}, {"signal", exit->signal}, {"oom", exit->oom}, {"error", exit->error}};
}

Json task_view(const wire::TaskStatus& task) {
    return {{"name", task.name},
            {"state", wire::to_string(task.state)},
            {"failed", task.failed},
            {"restarts", task.restarts},
            {"pid", task.pid},
            {"exit", exit_view(task.exit)},
            {"why", task.why},
            {"next_attempt", task.next_attempt.ns},
            {"started_at", task.started_at.ns},
            {"finished_at", task.finished_at.ns},
            {"last_restart", task.last_restart.ns},
            {"last_output", task.last_output},
            {"ports", task.ports},
            {"devices", task.devices}};
}

Json device_view(const wire::DeviceGroup& group) {
    Json devices = Json::array();
    for (const wire::Device& device : group.devices)
        devices.push_back({{"id", device.id},
                           {"healthy", device.healthy},
                           {"description", device.description},
                           {"place", device.place}});
    return {{"vendor", group.vendor},
            {"type", group.type},
            {"name", group.name},
            {"attributes", group.attributes},
            {"devices", std::move(devices)}};
}

// A task of which nothing was reported is pending; the spec names it.
std::vector<wire::TaskStatus> tasks_of(const AllocEntry& entry) {
    std::vector<wire::TaskStatus> tasks;
    for (const wire::TaskSpec& spec : entry.desired->group.tasks) {
        wire::TaskStatus task;
        task.name = spec.name;
        if (entry.status) {
            for (const wire::TaskStatus& known : entry.status->tasks) {
                if (known.name == spec.name) task = known;
            }
        }
        tasks.push_back(std::move(task));
    }
    return tasks;
}

}  // namespace

Json alloc_view(const AllocEntry& entry) {
    const wire::AllocDesired& desired = *entry.desired;
    Json tasks = Json::array();
    for (const wire::TaskStatus& task : tasks_of(entry)) tasks.push_back(task_view(task));
    const bool stop = desired.desired == wire::Desired::stop || (entry.order && entry.order->stop);
    return {{"id", desired.id},
            {"job", desired.job},
            {"job_version", desired.job_version},
            {"group", desired.group.name},
            {"index", desired.index},
            {"node", desired.node},
            {"status", status_word(entry)},
            {"description", entry.status ? entry.status->description : ""},
            {"desired", stop ? "stop" : "run"},
            {"reason", desired.reason},
            {"created_at", desired.created_at.ns},
            {"updated_at", entry.status ? entry.status->updated_at.ns : 0},
            {"tasks", std::move(tasks)}};
}

Json alloc_view(const AllocEntry& entry, const std::vector<wire::RecordedEvent>& events) {
    return with_events(alloc_view(entry), events);
}

Json collected_view(const wire::CollectedAlloc& alloc) {
    Json tasks = Json::array();
    for (const wire::TaskStatus& task : alloc.tasks) tasks.push_back(task_view(task));
    return {{"id", alloc.id},
            {"job", alloc.job},
            {"job_version", alloc.job_version},
            {"group", alloc.group},
            {"index", alloc.index},
            {"node", alloc.node},
            {"status", wire::to_string(alloc.status)},
            {"description", alloc.description},
            {"desired", "removed"},
            {"reason", alloc.reason},
            {"created_at", alloc.created_at.ns},
            {"updated_at", alloc.collected_at.ns},
            {"ended_at", alloc.ended_at.ns},
            {"collected_at", alloc.collected_at.ns},
            {"spec_hash", alloc.spec_hash},
            {"tasks", std::move(tasks)}};
}

Json with_events(Json alloc, const std::vector<wire::RecordedEvent>& events) {
    for (Json& task : alloc["tasks"]) {
        Json list = Json::array();
        for (const wire::RecordedEvent& recorded : events) {
            if (recorded.event.task == task["name"]) list.push_back(event_view(recorded.event));
        }
        task["events"] = std::move(list);
    }
    return alloc;
}

Json event_view(const wire::TaskEvent& event) {
    return {{"type", event.type},       {"time", event.time.ns}, {"message", event.message},
            {"details", event.details}, {"n", event.n},          {"incarnation", event.incarnation}};
}

Json event_view(const wire::RecordedEvent& event) {
    Json view = {
        {"number", event.number}, {"job", event.event.job}, {"alloc", event.event.alloc}, {"task", event.event.task}};
    view.update(event_view(event.event));
    return view;
}

Json job_view(const wire::JobDesired& job, const Standing& standing, const std::map<std::string, GroupCount>& counts) {
    Json groups = Json::object();
    for (const auto& [name, count] : counts) {
        groups[name] = {{"count", count.want},
                        {"pending", count.pending},
                        {"running", count.running},
                        {"complete", count.complete},
                        {"failed", count.failed}};
    }
    return {{"name", job.spec.name},
            {"type", wire::to_string(job.spec.type)},
            {"version", job.version},
            {"status", standing.status},
            {"why", standing.why},
            {"stopped", job.stopped},
            {"submitted_at", job.submitted_at.ns},
            {"groups", std::move(groups)}};
}

Json variable_view(const wire::VariableDesired& variable, bool values) {
    Json items = Json::object();
    for (const auto& [name, item] : variable.items) {
        const bool is_secret = !item.sealed.empty();
        Json view = {{"secret", is_secret}};
        if (values) view["value"] = is_secret ? Json() : Json(item.value);
        items[name] = std::move(view);
    }
    return {{"path", variable.path},
            {"version", variable.version},
            {"changed_at", variable.changed_at.ns},
            {"items", std::move(items)}};
}

Json node_view(const NodeEntry& entry) {
    const wire::NodeStatus& node = *entry.status;
    Json drivers = Json::object();
    for (const auto& [name, driver] : node.node.drivers) {
        drivers[name] = {
            {"detected", driver.detected}, {"healthy", driver.healthy}, {"description", driver.description}};
    }
    Json devices = Json::array();
    for (const wire::DeviceGroup& group : node.node.devices) devices.push_back(device_view(group));
    Json events = Json::array();
    for (const wire::NodeEvent& event : node.events) {
        events.push_back({{"time", event.at.ns},
                          {"subsystem", event.subsystem},
                          {"message", event.message},
                          {"details", event.details}});
    }
    const bool drains = entry.order && entry.order->drain;
    const bool limited = drains && entry.order->deadline != kNever;
    return {{"id", node.node.id},
            {"name", node.node.name},
            {"state", wire::to_string(node.state)},
            {"why", node.why},
            {"since", node.since.ns},
            {"eligible", is_eligible(entry)},
            {"draining", drains},
            {"drain_deadline", limited ? entry.order->deadline.ns : 0},
            {"allocs", entry.use.allocs},
            {"cpu", node.node.cpu},
            {"memory", node.node.memory},
            {"cpu_asked_for", entry.use.resources.cpu},
            {"memory_asked_for", entry.use.resources.memory},
            {"drivers", std::move(drivers)},
            {"devices", std::move(devices)},
            {"events", std::move(events)},
            {"attributes", node.node.attributes}};
}

Json spec_view(const wire::JobSpec& spec) {
    Json view = Json::parse(wire::to_json(spec), nullptr, false);
    return view.is_discarded() ? Json() : view;
}

}  // namespace drover::gateway
