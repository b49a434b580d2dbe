// The task core: what one task should do next, as a pure function of what is wanted and what is observed.
//
// Its whole memory is wire::TaskStatus, which the store keeps: an alloc-runner that was killed continues from the
// recorded status and the driver-manager's observation, and says the same words again.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/edges.hpp"
#include "wire/desired.hpp"
#include "wire/status.hpp"

namespace drover::alloc_runner {

using wire::TaskPhase;

inline constexpr Edge<TaskPhase> kTaskEdges[] = {
    {TaskPhase::pending, TaskPhase::starting, "wanted"},
    {TaskPhase::pending, TaskPhase::stopping, "killed before it was started"},
    {TaskPhase::starting, TaskPhase::running, "observed to run or to have run"},
    {TaskPhase::starting, TaskPhase::pending, "this incarnation may never start; the next one may"},
    {TaskPhase::starting, TaskPhase::backoff, "could not be started, will be tried again"},
    {TaskPhase::starting, TaskPhase::dead, "could not be started, will not be tried again"},
    {TaskPhase::starting, TaskPhase::stopping, "killed while it started"},
    {TaskPhase::running, TaskPhase::stopping, "killed, or asked to restart"},
    {TaskPhase::running, TaskPhase::backoff, "ended by itself, will be started again"},
    {TaskPhase::running, TaskPhase::dead, "ended by itself for good"},
    {TaskPhase::stopping, TaskPhase::backoff, "ended, will be started again"},
    {TaskPhase::stopping, TaskPhase::dead, "nothing of it lives or will"},
    {TaskPhase::stopping, TaskPhase::pending, "asked to begin again before it ran"},
    {TaskPhase::backoff, TaskPhase::starting, "the delay is over"},
    {TaskPhase::backoff, TaskPhase::stopping, "killed during the delay"},
    {TaskPhase::dead, TaskPhase::pending, "its whole alloc was asked to begin again"},
};

// What holds for a task as long as the step lasts.
struct TaskRules {
    const wire::AllocDesired& alloc;
    const wire::TaskSpec& spec;
    std::uint64_t term = 0;  // of this alloc-runner
    Duration max_kill_timeout = seconds(30);
    EdgeCounts* edges = nullptr;
    std::string waits_for;           // what has to happen before it may start: "task db to be ready"; empty: nothing
    bool hold = false;               // killed, but others have to end first
    bool may_change = false;         // a change of its templates may restart it now
    bool no_shutdown_delay = false;  // what ends it for good does so without the shutdown_delay
};

struct Task {
    wire::TaskStatus status;
    std::optional<wire::TaskObserved> observed;  // as last heard; nothing: not yet heard of in this life
    std::vector<wire::SignalOrder> signals;      // the standing orders for this task, by id
};

// The inputs. Each may be repeated without effect.
struct Kill {  // end for good; the first one counts
    enum class Cause { stop, sibling_failed, leader_dead, mains_dead, expired };
    Cause cause = Cause::stop;
    std::string sibling;  // the one that failed
};
struct GiveUp {  // it has not started, and what it waits for will never come: it fails
    std::string reason;
};
struct Orders {  // what users asked for, as far as it concerns this task
    std::uint64_t restarts = 0;
    std::uint64_t restart_all = 0;
    bool over = false;  // the alloc is to end: nothing begins again, but whoever waits for that has to hear of it
    std::uint64_t hurries = 0;
    std::vector<wire::SignalOrder> signals;  // by id
};
struct Heard {  // the node's whole observation of the task; null: its complete inventory does not have it
    const wire::TaskObserved* observed = nullptr;
};
struct Wake {};  // do what is due, once every task has taken in what was heard; only this starts and stops processes
using TaskInput = std::variant<Kill, GiveUp, Orders, Heard, Wake>;

struct TaskDecision {
    std::vector<wire::TaskEvent> events;
    bool changed = false;      // task.status says something else now
    Instant wake_at = kNever;  // when a Wake will have something to do
};

// A task that begins its life: its first word is Received.
TaskDecision receive(Task& task, const TaskRules& rules, Instant now);

// Nothing is started or given up before the node has been heard of: a task that nobody has reported yet is not dead.
TaskDecision step(Task& task, const TaskRules& rules, Instant now, const TaskInput& input);

// What the driver-manager should be told, in short.
struct Desire {
    wire::Verb verb = wire::Verb::run;
    std::uint64_t seq = 0;
    std::uint64_t released = 0;
    std::vector<wire::SignalOrder> signals;
    bool pre_kill = false;
    std::uint64_t rendered = 0;
    bool keep_place = false;

    friend bool operator==(const Desire&, const Desire&) = default;
};

// Nothing while there is nothing to say. `released`: incarnations up to it are recorded.
std::optional<Desire> desire(const Task& task, const TaskRules& rules, std::uint64_t released);
wire::TaskCommand command(const Desire& desire, const TaskRules& rules);

// The current incarnation has a process, or may get one.
constexpr bool has_process(TaskPhase phase) {
    return phase == TaskPhase::starting || phase == TaskPhase::running || phase == TaskPhase::stopping;
}

// Its templates have changed so that it has to be restarted, and the splay is over.
bool wants_change(const Task& task, Instant now);

// The highest incarnation the driver-manager has told of, 0 for none.
inline std::uint64_t newest_known(const wire::TaskObserved& observed) {
    return observed.incarnations.empty() ? 0 : observed.incarnations.back().seq;
}

// The highest incarnation whose end this status tells.
std::uint64_t ended_up_to(const wire::TaskStatus& status);

// The same for the same incarnation, in every process.
std::string incarnation_id(const std::string& alloc, const std::string& task, std::uint64_t seq);

// min of the task's own and the node's.
Duration kill_timeout(const TaskRules& rules);

}  // namespace drover::alloc_runner
