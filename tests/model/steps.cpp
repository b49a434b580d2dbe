// Which steps may follow a state.
#include <algorithm>

#include "driver-manager/core/phases.hpp"
#include "system.hpp"

namespace drover::model {
namespace {

using Kind = Move::Kind;
using wire::RunPhase;

}  // namespace

std::vector<Step> System::next(const State& from) {
    std::vector<Step> steps;
    for (Id i = 0; i < kOwners; ++i) {
        next_of_owner(i, from, steps);
        next_of_leases(i, from, steps);
    }
    next_of_store(from, steps);
    next_of_node(from, steps);
    next_of_processes(from, steps);
    std::erase_if(steps, [&from](const Step& step) { return step.to == from; });
    return steps;
}

void System::next_of_owner(Id i, const State& from, std::vector<Step>& steps) {
    State to = from;
    if (from.owners[i] == kDown) {
        to.boots[i] += 1;
        owner_becomes(to, i, add(Owner(owner_name(i), boot_name(i, to.boots[i]))), {});
        steps.push_back({{Kind::owner_starts, i}, to});
        return;
    }
    const auto hear = [&](Kind kind, OwnerInput input, Stream State::*stream) {
        for (Id j = (from.*stream).heard[i]; j < (from.*stream).size; ++j) {
            const Id news = (from.*stream).news[j];
            State heard = from;
            (heard.*stream).heard[i] = j + 1;
            const OwnerStep& step = owner_step(from.owners[i], input, news);
            owner_becomes(heard, i, step.owner, step.commands);
            steps.push_back({{kind, i, news}, heard});
        }
    };
    hear(Kind::owner_hears_state, OwnerInput::state, &State::state);
    hear(Kind::owner_hears_node, OwnerInput::node, &State::node);
    if (owners_[from.owners[i]].sleeps()) {
        State awake = from;
        const OwnerStep& step = owner_step(from.owners[i], OwnerInput::wake);
        owner_becomes(awake, i, step.owner, step.commands);
        steps.push_back({{Kind::owner_wakes, i}, awake});
    }
    if (from.left.owner_deaths == 0) return;
    to.left.owner_deaths -= 1;
    to.owners[i] = kDown;
    to.state.heard[i] = to.node.heard[i] = 0;
    steps.push_back({{Kind::owner_dies, i}, to});
}

// A lease of a process that is not there any more lapses in any case; that of one that lives is a fault.
void System::next_of_leases(Id i, const State& from, std::vector<Step>& steps) {
    const Store& store = stores_[from.store];
    if (!store.up()) return;
    for (Id boot = 1; boot <= from.boots[i]; ++boot) {
        const bool late = boot < from.boots[i] || from.owners[i] == kDown;
        const bool returns = !late && boot == from.cut_off[i];
        if (late && from.left.late_vectors == 0) continue;
        if (returns && from.left.returns == 0) continue;
        State to = from;
        store_becomes(to, store_step(from.store, StoreInput::vector, i, boot));
        if (to == from) continue;
        if (late) to.left.late_vectors -= 1;
        if (returns) {
            to.left.returns -= 1;
            to.cut_off[i] = 0;
        }
        steps.push_back({{Kind::store_hears_vector, i, boot}, to});
    }
    const std::string* member = store.member(owner_name(i));
    if (!member) return;
    const bool lives = from.owners[i] != kDown && *member == boot_name(i, from.boots[i]);
    if (lives && from.left.lapses == 0) return;
    State to = from;
    if (lives) {
        to.left.lapses -= 1;
        to.cut_off[i] = from.boots[i];
    }
    store_becomes(to, store_step(from.store, StoreInput::lapse, i));
    steps.push_back({{Kind::lease_lapses, i}, to});
}

void System::next_of_store(const State& from, std::vector<Step>& steps) {
    State to = from;
    if (!stores_[from.store].up()) {
        store_becomes(to, store_step(from.store, StoreInput::start));
        steps.push_back({{Kind::store_starts}, to});
        return;
    }
    for (Id i = 0; i < kOwners; ++i) {
        const Stream& reports = from.reports[i];
        for (Id j = reports.heard[0]; j < reports.size; ++j) {
            State heard = from;
            heard.reports[i].heard[0] = j + 1;
            store_becomes(heard, store_step(from.store, StoreInput::report, reports.news[j]));
            steps.push_back({{Kind::store_hears_report, i, reports.news[j]}, heard});
        }
    }
    if (from.left.job_stops > 0) {
        State stopped = from;
        stopped.left.job_stops -= 1;
        store_becomes(stopped, store_step(from.store, StoreInput::stop));
        steps.push_back({{Kind::job_is_stopped}, stopped});
    }
    if (from.left.store_deaths == 0) return;
    to.left.store_deaths -= 1;
    store_becomes(to, store_step(from.store, StoreInput::die));
    for (Stream& reports : to.reports) reports.heard[0] = 0;
    steps.push_back({{Kind::store_dies}, to});
}

void System::add_node_steps(const State& from, const Move& move, const MachineStep& done, std::vector<Step>& steps) {
    State to = from;
    machine_becomes(to, done.machine);
    steps.push_back({move, to});
    if (from.left.node_deaths == 0) return;
    for (Id cut = 0; cut < done.cut.size(); ++cut) {
        State dead = from;
        dead.left.node_deaths -= 1;
        machine_becomes(dead, done.cut[cut]);
        steps.push_back({{move.kind, move.who, move.what, cut + 1}, dead});
    }
}

void System::next_of_node(const State& from, std::vector<Step>& steps) {
    State to = from;
    if (!machines_[from.machine].up()) {
        machine_becomes(to, machine_step(from.machine, MachineInput::start).machine);
        steps.push_back({{Kind::node_starts}, to});
        return;
    }
    for (const Id command : sets_[from.commands])
        add_node_steps(from, {Kind::node_hears_command, 0, command},
                       machine_step(from.machine, MachineInput::command, 0, command), steps);
    Id task = 0;
    for (const auto& [key, directory] : machines_[from.machine].directories()) {
        for (const auto& [seq, shim] : directory.shims)
            if (shim.fresh)
                add_node_steps(from, {Kind::node_looks, task, static_cast<Id>(seq)},
                               machine_step(from.machine, MachineInput::look, task, static_cast<Id>(seq)), steps);
        ++task;
    }
    if (from.left.node_deaths == 0) return;
    to.left.node_deaths -= 1;
    machine_becomes(to, machine_step(from.machine, MachineInput::die).machine);
    steps.push_back({{Kind::node_dies}, to});
}

void System::next_of_processes(const State& from, std::vector<Step>& steps) {
    Id task = 0;
    for (const auto& [key, directory] : machines_[from.machine].directories()) {
        for (const auto& [seq, shim] : directory.shims) {
            const auto may = [&, run = static_cast<Id>(seq)](Kind kind, MachineInput input, Id Faults::*fault) {
                if (fault && from.left.*fault == 0) return;
                State to = from;
                if (fault) to.left.*fault -= 1;
                machine_becomes(to, machine_step(from.machine, input, task, run).machine);
                steps.push_back({{kind, task, run}, to});
            };
            if (shim.state.phase == RunPhase::starting) {
                may(Kind::process_runs, MachineInput::run, nullptr);
                may(Kind::process_fails, MachineInput::fail, &Faults::start_failures);
                if (shim.stopped) may(Kind::process_never_starts, MachineInput::never, nullptr);
            }
            if (shim.state.phase == RunPhase::running)
                may(Kind::process_ends, MachineInput::end, shim.stopped ? nullptr : &Faults::exits);
        }
        ++task;
    }
}

}  // namespace drover::model
