#include "system.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "wire/codec.hpp"

namespace drover::model {
namespace {

using driver_manager::Decision;
using wire::RunPhase;

std::uint64_t key_of(Id part, Id input, Id what, Id more) {
    CHECK(part < (1U << 28) && input < 8 && what < (1U << 28) && more < 32);
    return (std::uint64_t{part} << 36) | (std::uint64_t{what} << 8) | (input << 5) | more;
}

Machine::Key nth_task(const Machine& machine, Id n) { return std::next(machine.directories().begin(), n)->first; }

}  // namespace

std::string owner_name(Id i) { return i == 0 ? "a" : "b"; }
std::string boot_name(Id i, Id boot) { return owner_name(i) + "-" + std::to_string(boot); }

System::System(Setting setting) : setting_(setting) { CHECK(setting_.late < Stream::kMost); }

// Both alloc-runners are members and have heard so, and of the job; nothing is placed yet.
State System::start() {
    State state;
    state.left = setting_.faults;
    state.commands = add(CommandSet{});
    Id store = add(Store{});
    for (Id i = 0; i < kOwners; ++i) store = store_step(store, StoreInput::vector, i, 1);
    store_becomes(state, store);
    machine_becomes(state, add(Machine(setting_.without)));
    for (Id i = 0; i < kOwners; ++i) {
        state.boots[i] = 1;
        const Id fresh = add(Owner(owner_name(i), boot_name(i, 1)));
        const Id heard = owner_step(fresh, OwnerInput::node, state.node.newest()).owner;
        const OwnerStep step = owner_step(heard, OwnerInput::state, state.state.newest());
        owner_becomes(state, i, step.owner, step.commands);
        state.state.heard[i] = state.node.heard[i] = 1;
    }
    return state;
}

Id System::add(CommandSet set) {
    Bytes bytes;
    for (const Id one : set) bytes.add(one);
    return sets_.add(bytes.take(), std::move(set));
}

Id System::say(const wire::TaskCommand& command) { return commands_.add(wire::encode(command), command); }

// A part also says what follows from its state, once.
Id System::add(Owner owner) {
    const ReportNews news = owner.reports();
    std::string bytes = owner.bytes();
    const Id id = owners_.add(std::move(bytes), std::move(owner));
    if (id == report_said_.size()) report_said_.push_back(report_news_.add(news.bytes(), news));
    return id;
}

Id System::add(Store store) {
    const StateNews news = store.news();
    std::string bytes = store.bytes();
    const Id id = stores_.add(std::move(bytes), std::move(store));
    if (id == state_said_.size()) state_said_.push_back(state_news_.add(news.bytes(), news));
    return id;
}

Id System::add(Machine machine) {
    const NodeNews news = machine.news();
    std::string bytes = machine.bytes();
    const Id id = machines_.add(std::move(bytes), std::move(machine));
    if (id == node_said_.size()) node_said_.push_back(node_news_.add(news.bytes(), news));
    return id;
}

template <class Do>
System::OwnerStep System::owner_step(const Owner& before, Do hear) {
    Owner owner = before;
    OwnerStep step;
    for (const wire::TaskCommand& command : hear(owner)) step.commands.push_back(say(command));
    step.owner = add(std::move(owner));
    return step;
}

const System::OwnerStep& System::owner_step(Id id, OwnerInput input, Id news) {
    const auto [at, fresh] = owner_steps_.try_emplace(key_of(id, static_cast<Id>(input), news, 0));
    if (!fresh) return at->second;
    const auto hear = [&](Owner& owner) {
        if (input == OwnerInput::wake) return owner.wake();
        return input == OwnerInput::node ? owner.hear(node_news_[news], news) : owner.hear(state_news_[news], news);
    };
    OwnerStep step = owner_step(owners_[id], hear);
    if (const Owner* twin = owners_.twin(id)) {
        const OwnerStep other = owner_step(*twin, hear);
        CHECK(other.owner == step.owner && other.commands == step.commands);
    }
    return at->second = std::move(step);
}

Id System::store_step(Id id, StoreInput input, Id what, Id boot) {
    const auto [at, fresh] = store_steps_.try_emplace(key_of(id, static_cast<Id>(input), what, boot));
    if (!fresh) return at->second;
    const auto work_out = [&](Store store) {
        switch (input) {
            case StoreInput::vector: store.hear(owner_name(what), boot_name(what, boot)); break;
            case StoreInput::lapse: store.lapse(owner_name(what)); break;
            case StoreInput::stop: store.stop_job(); break;
            case StoreInput::report: store.hear(report_news_[what]); break;
            case StoreInput::die: store.die(); break;
            case StoreInput::start: store.start(); break;
        }
        return add(std::move(store));
    };
    const Id to = work_out(stores_[id]);
    if (const Store* twin = stores_.twin(id)) CHECK(work_out(*twin) == to);
    return at->second = to;
}

const System::MachineStep& System::machine_step(Id id, MachineInput input, Id task, Id what) {
    const auto [at, fresh] = machine_steps_.try_emplace(key_of(id, static_cast<Id>(input), what, task));
    if (!fresh) return at->second;
    MachineStep step = work_out(machines_[id], input, task, what);
    if (const Machine* twin = machines_.twin(id)) {
        const MachineStep other = work_out(*twin, input, task, what);
        CHECK(other.machine == step.machine && other.cut == step.cut);
    }
    return at->second = std::move(step);
}

System::MachineStep System::work_out(const Machine& before, MachineInput input, Id task, Id what) {
    Machine machine = before;
    switch (input) {
        case MachineInput::command: {
            const Decision decision = machine.decide(commands_[what]);
            return carry_out(machine, decision);
        }
        case MachineInput::look: {
            const Decision decision = machine.look(nth_task(machine, task), what);
            return carry_out(machine, decision);
        }
        case MachineInput::run: machine.run(nth_task(machine, task), what); break;
        case MachineInput::end: machine.end(nth_task(machine, task), what, RunPhase::exited, 1); break;
        case MachineInput::fail: machine.end(nth_task(machine, task), what, RunPhase::start_failed, 0); break;
        case MachineInput::never: machine.end(nth_task(machine, task), what, RunPhase::never_started, 0); break;
        case MachineInput::die: machine.die(); break;
        case MachineInput::start: machine.start(); break;
    }
    return {add(std::move(machine)), {}};
}

// The actions are carried out in their order, but a signal does not wait for the disk to remember a floor: dying in
// between may keep the signals alone.
System::MachineStep System::carry_out(const Machine& decided, const Decision& decision) {
    using driver_manager::Action;
    MachineStep step;
    Machine machine = decided;
    const auto die = [&](Machine dying) {
        dying.die();
        step.cut.push_back(add(std::move(dying)));
    };
    for (std::size_t i = 0; i < decision.actions.size(); ++i) {
        machine.carry_out(decision.actions[i]);
        if (i + 1 < decision.actions.size()) die(machine);
    }
    Machine hasty = decided;
    bool signalled = false;
    for (const Action& action : decision.actions) {
        if (action.kind != Action::Kind::stop && action.kind != Action::Kind::set_fence) continue;
        hasty.carry_out(action);
        signalled |= action.kind == Action::Kind::stop;
    }
    if (signalled) die(hasty);
    step.machine = add(std::move(machine));
    return step;
}

void System::owner_becomes(State& state, Id i, Id owner, const std::vector<Id>& commands) {
    state.owners[i] = owner;
    state.reports[i].say(report_said_[owner], setting_.late + 1);
    CommandSet set = sets_[state.commands];
    for (const Id one : commands) {
        const auto at = std::lower_bound(set.begin(), set.end(), one);
        if (at == set.end() || *at != one) set.insert(at, one);
    }
    if (set.size() != sets_[state.commands].size()) state.commands = add(std::move(set));
}

void System::store_becomes(State& state, Id store) const {
    state.store = store;
    if (stores_[store].up()) state.state.say(state_said_[store], setting_.late + 1);
}

void System::machine_becomes(State& state, Id machine) const {
    state.machine = machine;
    if (machines_[machine].up()) state.node.say(node_said_[machine], setting_.late + 1);
}

std::string System::count_parts() const {
    return std::to_string(owners_.size()) + " of an alloc-runner, " + std::to_string(stores_.size()) +
           " of the store, " + std::to_string(machines_.size()) + " of the node, " + std::to_string(commands_.size()) +
           " commands";
}

}  // namespace drover::model
