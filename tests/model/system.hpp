// Two alloc-runners, a store and a node, and every step that any of them may take next.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "machine.hpp"
#include "owner.hpp"
#include "state.hpp"
#include "store.hpp"

namespace drover::model {

struct Setting {
    Faults faults;
    Id late = 1;  // news of each sender that may arrive after newer ones, below Stream::kMost
    Without without;
};

struct Move {
    enum class Kind : Id {
        store_hears_vector,
        lease_lapses,
        job_is_stopped,
        owner_hears_state,
        owner_hears_node,
        owner_wakes,
        store_hears_report,
        node_hears_command,
        node_looks,
        process_runs,
        process_ends,
        process_fails,
        process_never_starts,
        store_dies,
        store_starts,
        owner_dies,
        owner_starts,
        node_dies,
        node_starts,
    };
    Kind kind = Kind::node_starts;
    Id who = 0;   // the alloc-runner, or the task
    Id what = 0;  // news, command or run
    Id cut = 0;   // not 0: the driver-manager dies in the middle of it, in one of several ways
};

struct Step {
    Move move;
    State to;
};

class System {
   public:
    explicit System(Setting setting);

    State start();
    // Everything that may happen next. Steps that change nothing are left out.
    std::vector<Step> next(const State& from);

    // The promise that does not hold; empty: all do.
    std::string broken(const State& state) const;
    // Everybody is up and has heard of everything, and what is, is what should be.
    bool is_quiet(const State& state) const;
    // In words, for a trace.
    std::string describe(const State& from, const Step& step) const;

    // How many different states each kind of part was in.
    std::string count_parts() const;

   private:
    struct OwnerStep {
        Id owner = 0;
        std::vector<Id> commands;
    };
    struct MachineStep {
        Id machine = 0;
        std::vector<Id> cut;  // when the driver-manager dies before it has done all
    };
    template <class Value>
    using Memo = std::unordered_map<std::uint64_t, Value>;
    using CommandSet = std::vector<Id>;

    enum class OwnerInput : Id { state, node, wake };
    enum class StoreInput : Id { vector, lapse, stop, report, die, start };
    enum class MachineInput : Id { command, look, run, end, fail, never, die, start };

    Id add(Owner owner);
    Id add(Store store);
    Id add(Machine machine);
    Id add(CommandSet set);
    Id say(const wire::TaskCommand& command);

    template <class Do>
    OwnerStep owner_step(const Owner& before, Do hear);
    const OwnerStep& owner_step(Id owner, OwnerInput input, Id news = 0);
    Id store_step(Id store, StoreInput input, Id what = 0, Id boot = 0);
    const MachineStep& machine_step(Id machine, MachineInput input, Id task = 0, Id what = 0);
    MachineStep work_out(const Machine& before, MachineInput input, Id task, Id what);
    MachineStep carry_out(const Machine& decided, const driver_manager::Decision& decision);

    void next_of_owner(Id i, const State& from, std::vector<Step>& steps);
    void next_of_leases(Id i, const State& from, std::vector<Step>& steps);
    void next_of_store(const State& from, std::vector<Step>& steps);
    void next_of_node(const State& from, std::vector<Step>& steps);
    void next_of_processes(const State& from, std::vector<Step>& steps);
    void owner_becomes(State& state, Id i, Id owner, const std::vector<Id>& commands);
    void store_becomes(State& state, Id store) const;
    void machine_becomes(State& state, Id machine) const;
    void add_node_steps(const State& from, const Move& move, const MachineStep& done, std::vector<Step>& steps);

    Setting setting_;
    Table<Owner> owners_;
    Table<Store> stores_;
    Table<Machine> machines_;
    Table<wire::TaskCommand> commands_;
    Table<CommandSet> sets_;
    Table<StateNews> state_news_;
    Table<NodeNews> node_news_;
    Table<ReportNews> report_news_;
    std::vector<Id> state_said_;   // by store
    std::vector<Id> node_said_;    // by machine
    std::vector<Id> report_said_;  // by owner
    Memo<OwnerStep> owner_steps_;
    Memo<Id> store_steps_;
    Memo<MachineStep> machine_steps_;
};

// "a" and "b", and how a boot of one is called.
std::string owner_name(Id i);
std::string boot_name(Id i, Id boot);

}  // namespace drover::model
