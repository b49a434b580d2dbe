#include <algorithm>

#include "alloc-runner/core/task.hpp"
#include "base/hash.hpp"
#include "wire/codec.hpp"

namespace drover::alloc_runner {
namespace {

bool contains(const wire::TaskObserved& observed, std::uint64_t seq) {
    return std::any_of(observed.incarnations.begin(), observed.incarnations.end(),
                       [seq](const wire::IncarnationObserved& one) { return one.seq == seq; });
}

}  // namespace

std::optional<Desire> desire(const Task& task, const TaskRules& rules, std::uint64_t released) {
    if (!task.observed) return std::nullopt;
    const wire::TaskStatus& status = task.status;
    const wire::TaskObserved& observed = *task.observed;
    const bool known = observed.floor > 0 || !observed.incarnations.empty();
    Desire result;
    result.seq = std::max(status.seq, newest_known(observed));
    result.released = released;
    result.rendered = status.rendered;
    if (result.seq == 0 || (status.phase == TaskPhase::dead && !known)) return std::nullopt;
    switch (status.phase) {
        case TaskPhase::dead: result.verb = wire::Verb::stop; break;
        case TaskPhase::stopping:
            if (status.stop_stage == wire::StopStage::signal) result.verb = wire::Verb::stop;
            result.pre_kill = status.stop_stage == wire::StopStage::pre_kill;
            break;
        case TaskPhase::starting: break;
        // Where it is not to be seen the node has not answered under this term yet: it may be gone, and must not be
        // started again under its old number, or this process has not heard of it yet, and it must not be stopped. A
        // stop of nothing only asks for that answer.
        case TaskPhase::running:
            if (result.seq != status.seq || contains(observed, status.seq)) break;
            result.verb = wire::Verb::stop;
            result.seq = 0;
            break;
        case TaskPhase::pending:
        case TaskPhase::backoff:
            if (result.seq == status.seq) result.verb = wire::Verb::stop;
            break;
    }
    const bool over = status.phase == TaskPhase::dead || status.killed;
    result.keep_place = result.verb == wire::Verb::stop && !over;
    if (status.phase == TaskPhase::running && result.verb == wire::Verb::run && observed.term == rules.term)
        for (const wire::SignalOrder& order : task.signals)
            if (order.id > status.signal_order) result.signals.push_back(order);
    return result;
}

wire::TaskCommand command(const Desire& desire, const TaskRules& rules) {
    wire::TaskCommand command;
    command.alloc = rules.alloc.id;
    command.task = rules.spec.name;
    command.job = rules.alloc.job;
    command.group = rules.alloc.group.name;
    command.index = rules.alloc.index;
    command.term = rules.term;
    command.verb = desire.verb;
    command.seq = desire.seq;
    command.incarnation = incarnation_id(rules.alloc.id, rules.spec.name, desire.seq);
    command.released = desire.released;
    command.spec = rules.spec;
    command.kill_signal = rules.spec.kill_signal;
    command.kill_timeout = kill_timeout(rules);
    command.signals = desire.signals;
    command.pre_kill = desire.pre_kill;
    command.rendered = desire.rendered;
    command.meta = rules.spec.meta;
    command.meta.insert(rules.alloc.group.meta.begin(), rules.alloc.group.meta.end());
    command.meta.insert(rules.alloc.meta.begin(), rules.alloc.meta.end());
    if (!rules.spec.payload_file.empty()) command.payload = rules.alloc.payload;
    command.keep_place = desire.keep_place;
    command.ports = rules.alloc.group.ports;
    for (const wire::TaskSpec& task : rules.alloc.group.tasks)
        if (!command.ports.empty() || task.resources != wire::Resources{})
            command.alloc_resources[task.name] = task.resources;
    if (desire.verb == wire::Verb::run) command.placed = wire::encode(rules.alloc);
    return command;
}

std::uint64_t ended_up_to(const wire::TaskStatus& status) {
    return has_process(status.phase) ? status.seq - 1 : status.seq;
}

std::string incarnation_id(const std::string& alloc, const std::string& task, std::uint64_t seq) {
    return to_hex(stable_hash(alloc + "/" + task + "/" + std::to_string(seq)));
}

Duration kill_timeout(const TaskRules& rules) { return std::min(rules.spec.kill_timeout, rules.max_kill_timeout); }

}  // namespace drover::alloc_runner
