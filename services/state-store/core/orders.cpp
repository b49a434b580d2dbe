#include "state-store/core/orders.hpp"

#include <algorithm>

#include "state-store/core/keys.hpp"

namespace drover::store {

namespace {

struct Target {
    wire::AllocOrder order;
    wire::AllocStatus status;
    std::vector<std::string> tasks;
    bool stopping = false;
};

bool ended(wire::ClientStatus status) {
    return status == wire::ClientStatus::complete || status == wire::ClientStatus::failed ||
           status == wire::ClientStatus::lost;
}

// The alloc's order so far and the names of the tasks that `task` means.
Result<Target> find(const Draft& draft, const std::string& id, const std::string& task) {
    const auto alloc = load<wire::AllocDesired>(draft, alloc_key(id));
    if (!alloc) return tl::unexpected(alloc.error());
    if (!*alloc) {
        return fail(ErrorKind::not_found,
                    "there is no alloc \"" + id + "\"; \"drover job status JOB\" lists a job's allocs");
    }
    auto status = load<wire::AllocStatus>(draft, status_key(id));
    if (!status) return tl::unexpected(status.error());
    auto order = load<wire::AllocOrder>(draft, order_key(id));
    if (!order) return tl::unexpected(order.error());
    Target target{order->value_or(wire::AllocOrder{}), status->value_or(wire::AllocStatus{}), {}, false};
    target.order.alloc = id;
    target.stopping = target.order.stop || (*alloc)->desired == wire::Desired::stop;
    for (const wire::TaskSpec& spec : (*alloc)->group.tasks) {
        if (task.empty() || task == spec.name) target.tasks.push_back(spec.name);
    }
    if (!target.tasks.empty()) return target;
    std::string names;
    for (const wire::TaskSpec& spec : (*alloc)->group.tasks) names += (names.empty() ? "" : ", ") + spec.name;
    return fail(ErrorKind::not_found, "alloc \"" + id + "\" has no task \"" + task + "\"; it has " + names);
}

Result<void> check_lives(const Target& target) {
    if (!ended(target.status.status)) return {};
    return fail(ErrorKind::refused, "alloc \"" + target.order.alloc + "\" has ended (" +
                                        std::string(wire::to_string(target.status.status)) +
                                        "); run the job again to get a new one");
}

Result<void> check_lasts(const Target& target) {
    if (!target.stopping) return {};
    const bool over = ended(target.status.status);
    return fail(ErrorKind::refused, "alloc \"" + target.order.alloc + "\" " +
                                        (over ? "was stopped" : "is being stopped") +
                                        "; run the job again to get a new one");
}

// "pending: waits for its restart"; empty when it runs.
std::string not_running(const Target& target, const std::string& task) {
    for (const wire::TaskStatus& status : target.status.tasks) {
        if (status.name != task) continue;
        if (status.state == wire::TaskState::running) return {};
        return std::string(wire::to_string(status.state)) + (status.why.empty() ? "" : ": " + status.why);
    }
    return "pending";
}

// Those of what is meant that run. `task` is empty when all are meant; `advice` ends the sentence of a refusal.
Result<std::vector<std::string>> running_tasks(const Target& target, const std::string& task,
                                               const std::string& advice) {
    std::vector<std::string> out;
    for (const std::string& name : target.tasks) {
        const std::string why = not_running(target, name);
        if (why.empty()) {
            out.push_back(name);
        } else if (!task.empty()) {
            return fail(ErrorKind::refused, "task \"" + task + "\" of alloc \"" + target.order.alloc +
                                                "\" is not running (" + why + "); " + advice);
        }
    }
    if (!out.empty()) return out;
    return fail(ErrorKind::refused, "no task of alloc \"" + target.order.alloc + "\" is running; " + advice);
}

void hurry(wire::AllocOrder& order, const std::vector<std::string>& tasks) {
    for (const std::string& task : tasks) ++order.hurries[task];
}

bool valid_signal(std::string_view signal) {
    return signal.size() > 3 && signal.size() <= 16 && signal.starts_with("SIG") &&
           std::all_of(signal.begin(), signal.end(),
                       [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-'; });
}

}  // namespace

Result<void> stop_alloc(Draft& draft, const std::string& alloc, bool no_shutdown_delay) {
    auto target = find(draft, alloc, "");
    if (!target) return tl::unexpected(target.error());
    if (auto ok = check_lives(*target); !ok) return ok;
    target->order.stop = true;
    target->order.no_shutdown_delay |= no_shutdown_delay;
    save(draft, order_key(alloc), target->order);
    return {};
}

Result<void> restart_alloc(Draft& draft, const std::string& alloc, const std::string& task, bool all,
                           bool no_shutdown_delay) {
    if (all && !task.empty()) {
        return fail(ErrorKind::invalid,
                    "a restart of the whole alloc names no task; leave out either \"" + task + "\" or --all");
    }
    auto target = find(draft, alloc, task);
    if (!target) return tl::unexpected(target.error());
    if (auto ok = check_lasts(*target); !ok) return ok;
    if (all) {
        ++target->order.restart_all;
        if (no_shutdown_delay) hurry(target->order, target->tasks);
        save(draft, order_key(alloc), target->order);
        return {};
    }
    if (ended(target->status.status)) {
        return fail(ErrorKind::refused, "alloc \"" + alloc + "\" has ended (" +
                                            std::string(wire::to_string(target->status.status)) +
                                            "); --all restarts it from the beginning");
    }
    const auto running = running_tasks(*target, task, "--all restarts the whole alloc");
    if (!running) return tl::unexpected(running.error());
    for (const std::string& name : *running) ++target->order.restarts[name];
    if (no_shutdown_delay) hurry(target->order, *running);
    save(draft, order_key(alloc), target->order);
    return {};
}

Result<void> signal_alloc(Draft& draft, const std::string& alloc, const std::string& task, const std::string& signal) {
    if (!valid_signal(signal)) {
        return fail(ErrorKind::invalid, "\"" + signal.substr(0, 16) + "\" is not a signal; write it like SIGHUP");
    }
    auto target = find(draft, alloc, task);
    if (!target) return tl::unexpected(target.error());
    if (auto ok = check_lives(*target); !ok) return ok;
    if (auto ok = check_lasts(*target); !ok) return ok;
    const auto running = running_tasks(*target, task, "only a running task takes a signal");
    if (!running) return tl::unexpected(running.error());
    auto& signals = target->order.signals;
    std::uint64_t id = signals.empty() ? 0 : signals.back().id;
    for (const std::string& name : *running) signals.push_back({++id, name, signal});
    const std::size_t keep = std::max(kMaxSignals, target->tasks.size());
    if (signals.size() > keep) signals.erase(signals.begin(), signals.end() - static_cast<std::ptrdiff_t>(keep));
    save(draft, order_key(alloc), target->order);
    return {};
}

}  // namespace drover::store
