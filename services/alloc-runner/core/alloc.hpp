// The alloc core: the tasks of one alloc, who of them drags whom along, and what the store is told.
//
// An Alloc lives for one term: when the term changes it is built anew from the status the store has, exactly as after a
// crash.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "alloc-runner/core/outbox.hpp"
#include "alloc-runner/core/task.hpp"
#include "base/edges.hpp"

namespace drover::alloc_runner {

using wire::ClientStatus;

inline constexpr Edge<ClientStatus> kAllocEdges[] = {
    {ClientStatus::pending, ClientStatus::running, "a task runs"},
    {ClientStatus::pending, ClientStatus::failed, "a task failed"},
    {ClientStatus::pending, ClientStatus::complete, "every task has ended"},
    {ClientStatus::running, ClientStatus::pending, "no task runs, one waits to start again"},
    {ClientStatus::running, ClientStatus::failed, "a task failed"},
    {ClientStatus::running, ClientStatus::complete, "every task has ended"},
    {ClientStatus::failed, ClientStatus::complete, "it ran for max_run_duration, and its last task has ended"},
    {ClientStatus::failed, ClientStatus::pending, "asked to begin again"},
    {ClientStatus::failed, ClientStatus::running, "asked to begin again while a task runs"},
    {ClientStatus::complete, ClientStatus::pending, "asked to begin again"},
};

struct AllocRules {
    std::uint64_t term = 0;
    Duration max_kill_timeout = seconds(30);  // bounds every task's kill_timeout
    EdgeCounts* task_edges = nullptr;
    EdgeCounts* alloc_edges = nullptr;
};

// The inputs; what they point to need only live as long as the step. What the node says of some tasks, null where its
// complete inventory does not have the task: what is heard together is taken in together, before anything is decided.
using Observations = std::vector<std::pair<std::string, const wire::TaskObserved*>>;
struct Wanted {
    const wire::AllocDesired& alloc;
};
struct Ordered {
    const wire::AllocOrder& order;
};
struct Recorded {  // the store has this status
    const wire::AllocStatus& status;
};
struct MayChange {};  // changes of templates that have waited for others may restart tasks now
using AllocInput = std::variant<Wanted, Ordered, Observations, Recorded, Wake, MayChange>;

struct AllocDecision {
    std::vector<wire::TaskCommand> commands;  // those that say something else now
    std::vector<std::string> withdrawn;       // tasks that have no command any more
    std::vector<wire::TaskEvent> events;
    bool report_changed = false;  // report() says something else now
    Instant wake_at = kNever;
};

class Alloc {
   public:
    // `recorded`: the store's status, if it has one.
    Alloc(wire::AllocDesired desired, const wire::AllocStatus* recorded, AllocRules rules);

    AllocDecision step(Instant now, const AllocInput& input);

    const wire::AllocDesired& desired() const { return desired_; }
    const wire::AllocStatus& status() const { return status_; }
    const std::vector<Task>& tasks() const { return tasks_; }
    // A task has to be restarted because its templates changed.
    bool wants_change(Instant now) const;
    // A task that should run does not, or is about to be restarted.
    bool unsettled() const;
    // What the store has to confirm next; null when it knows everything.
    const wire::AllocReport* report() const { return outbox_.front(); }

   private:
    TaskRules task_rules(std::size_t i) const;
    void take(const Recorded& recorded);
    void take(const Ordered& ordered, Instant now);
    void take(const Observations& news, Instant now);
    void receive(Instant now);
    void run(std::size_t i, Instant now, const TaskInput& input);
    void tell(std::size_t i, TaskDecision decision, Instant now);
    bool live(std::size_t i) const { return tasks_[i].status.phase != TaskPhase::dead; }
    void kill_all(Instant now, const Kill& kill);
    void expire(Instant now);
    void drag_along(Instant now);
    void command_all();
    std::pair<ClientStatus, std::string> standing() const;

    wire::AllocDesired desired_;
    bool stop_ = false;        // wanted, by the job or by a user
    bool no_delay_ = false;    // the stop skips every shutdown_delay
    bool may_change_ = false;  // in this step
    AllocRules rules_;
    std::vector<Task> tasks_;  // as desired_.group.tasks
    std::vector<std::uint64_t> released_;
    std::vector<std::optional<Desire>> said_;
    wire::AllocStatus status_;
    Outbox outbox_;
    AllocDecision decision_;
};

// What a set of task states means for the alloc.
std::pair<ClientStatus, std::string> summarize(const std::vector<wire::TaskStatus>& tasks);

}  // namespace drover::alloc_runner
