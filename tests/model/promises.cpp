// What has to hold in every state, what a quiet end is, and how a step is told.
#include <algorithm>

#include "driver-manager/core/phases.hpp"
#include "system.hpp"

namespace drover::model {
namespace {

bool is_dead(const wire::AllocStatus* status) {
    return status && std::all_of(status->tasks.begin(), status->tasks.end(),
                                 [](const auto& task) { return task.state == wire::TaskState::dead; });
}

bool runs(const Machine& machine, const wire::AllocStatus* status) {
    if (!status || machine.live() != 1) return false;
    const wire::TaskStatus& task = status->tasks.front();
    for (const auto& [key, directory] : machine.directories()) {
        const auto shim = directory.shims.find(task.seq);
        if (shim != directory.shims.end() && shim->second.state.phase == wire::RunPhase::running)
            return task.state == wire::TaskState::running && task.phase == wire::TaskPhase::running;
    }
    return false;
}

bool is_told_to_stop(const Machine& machine) {
    for (const auto& [key, directory] : machine.directories())
        for (const auto& [seq, shim] : directory.shims)
            if (shim.stopped && driver_manager::is_live(shim.state.phase)) return true;
    return false;
}

bool has_news(const Machine& machine) {
    for (const auto& [key, directory] : machine.directories())
        for (const auto& [seq, shim] : directory.shims)
            if (shim.fresh) return true;
    return false;
}

bool obeys(const Machine& machine, const Owner& owner) {
    return std::all_of(owner.commands().begin(), owner.commands().end(), [&machine](const auto& one) {
        const wire::TaskCommand* standing = machine.standing({one.second.alloc, one.second.task});
        return standing && *standing == one.second;
    });
}

std::string tell(const wire::TaskCommand& command) {
    return std::string(to_string(command.verb)) + " " + std::to_string(command.seq) + " under term " +
           std::to_string(command.term) +
           (command.released > 0 ? ", released " + std::to_string(command.released) : "");
}

std::string tell(const wire::AllocStatus& status) {
    const wire::TaskStatus& task = status.tasks.front();
    return "run " + std::to_string(task.seq) + " " + std::string(to_string(task.phase)) + " (term " +
           std::to_string(status.term) + ")";
}

std::string tell(const Store& store) {
    if (!store.up()) return "is down";
    std::string text = "members " + std::to_string(store.generation()) + ":";
    for (Id i = 0; i < kOwners; ++i)
        if (const std::string* member = store.member(owner_name(i))) text += " " + *member;
    if (store.stopped()) text += ", job stopped";
    if (store.alloc()) text += ", alloc should " + std::string(to_string(store.alloc()->desired));
    if (store.status()) text += ", recorded: " + tell(*store.status());
    return text;
}

std::string tell(const Machine& machine) {
    std::string text = machine.up() ? "" : "driver-manager down, ";
    text += "fence " + std::to_string(machine.fence());
    for (const auto& [key, directory] : machine.directories()) {
        text += ", floor " + std::to_string(directory.floor);
        for (const auto& [seq, shim] : directory.shims)
            text += ", run " + std::to_string(seq) + " " + std::string(to_string(shim.state.phase)) +
                    (shim.stopped ? " (told to stop)" : "");
    }
    return text;
}

}  // namespace

std::string System::broken(const State& state) const {
    const Machine& machine = machines_[state.machine];
    const Store& store = stores_[state.store];
    if (machine.live() > 1) return "at most one incarnation of a task lives";
    if (!machine.broken().empty()) return machine.broken();
    if (!store.broken().empty()) return store.broken();
    if (!std::includes(machine.ended().begin(), machine.ended().end(), store.ended().begin(), store.ended().end()))
        return "an end is recorded once it has happened";
    if (!store.stopped() && is_told_to_stop(machine)) return "nobody stops what should run";
    if (is_dead(store.status()) && machine.live() > 0) return "what was recorded dead does not live";
    return {};
}

bool System::is_quiet(const State& state) const {
    const Machine& machine = machines_[state.machine];
    const Store& store = stores_[state.store];
    if (!store.up() || !machine.up() || has_news(machine)) return false;
    for (Id i = 0; i < kOwners; ++i) {
        if (state.owners[i] == kDown) return false;
        // Nobody listens to who is cut off, whatever it says.
        if (state.cut_off[i] == state.boots[i]) continue;
        const Owner& owner = owners_[state.owners[i]];
        const std::string* member = store.member(owner_name(i));
        if (!member || *member != boot_name(i, state.boots[i])) return false;
        if (!state.state.is_heard(i) || !state.node.is_heard(i) || !state.reports[i].is_heard(0)) return false;
        if (owner.sleeps() || !owner.reports().said.empty() || !obeys(machine, owner)) return false;
    }
    if (!std::includes(store.ended().begin(), store.ended().end(), machine.ended().begin(), machine.ended().end()))
        return false;
    if (!store.stopped()) return runs(machine, store.status());
    return machine.live() == 0 && (!store.alloc() || is_dead(store.status()));
}

std::string System::describe(const State& from, const Step& step) const {
    const Move& move = step.move;
    const std::string owner = "alloc-runner " + owner_name(move.who);
    std::string text;
    switch (move.kind) {
        case Move::Kind::store_hears_vector:
            text = "the store hears of alloc-runner " + boot_name(move.who, move.what);
            break;
        case Move::Kind::lease_lapses: text = "the lease of " + owner + " lapses"; break;
        case Move::Kind::job_is_stopped: text = "a user stops the job"; break;
        case Move::Kind::owner_hears_state: text = owner + " hears the store"; break;
        case Move::Kind::owner_hears_node: text = owner + " hears the node"; break;
        case Move::Kind::owner_wakes: text = owner + " has waited out a restart delay"; break;
        case Move::Kind::store_hears_report: text = "the store hears the reports of " + owner; break;
        case Move::Kind::node_hears_command: text = "the node hears: " + tell(commands_[move.what]); break;
        case Move::Kind::node_looks: text = "the driver-manager looks at run " + std::to_string(move.what); break;
        case Move::Kind::process_runs: text = "run " + std::to_string(move.what) + " gets its process"; break;
        case Move::Kind::process_ends: text = "run " + std::to_string(move.what) + " ends"; break;
        case Move::Kind::process_fails: text = "run " + std::to_string(move.what) + " cannot be started"; break;
        case Move::Kind::process_never_starts:
            text = "run " + std::to_string(move.what) + " is given up before it has a process";
            break;
        case Move::Kind::store_dies: text = "the store dies"; break;
        case Move::Kind::store_starts: text = "the store starts"; break;
        case Move::Kind::owner_dies: text = owner + " dies"; break;
        case Move::Kind::owner_starts: text = owner + " starts"; break;
        case Move::Kind::node_dies: text = "the driver-manager dies"; break;
        case Move::Kind::node_starts: text = "the driver-manager starts"; break;
    }
    if (move.cut > 0) text += ", and the driver-manager dies in the middle of it";
    const std::string gap = "\n        ";
    for (const Id command : sets_[step.to.commands])
        if (!std::binary_search(sets_[from.commands].begin(), sets_[from.commands].end(), command))
            text += gap + "says: " + tell(commands_[command]);
    if (step.to.store != from.store) text += gap + "store: " + tell(stores_[step.to.store]);
    if (step.to.machine != from.machine) text += gap + "node: " + tell(machines_[step.to.machine]);
    return text;
}

}  // namespace drover::model
