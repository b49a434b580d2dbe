// Stage: one alloc, its node and its store, moved by the words of a transcript.
//
// clang-format off
//   alloc KEY=VALUE... TASK...    begin. Keys: type attempts interval delay mode factor max_run_duration, and of every
//                                 task or, as TASK.KEY, of one: kill_timeout shutdown_delay pre_kill (its timeout)
//                                 ready (a file) depends_on (TASK:CONDITION). A task is NAME, NAME* when it leads,
//                                 NAME@HOOK or NAME@HOOK+sidecar
//   node                          the node's complete inventory is heard, with what it acknowledges
//   running TASK N                the node sees incarnation N run
//   ready TASK N                  its ready probe has succeeded
//   exited TASK N CODE [SIGNAL]   it has ended
//   failed TASK N unrecoverable|recoverable WHY...
//   unstarted TASK N              it was stopped before it ran and never will
//   lost TASK N                   the node's record of it is gone
//   setup TASK N STEP begun|over|failed [WHY...]
//   waits TASK N WHAT...          its setup waits
//   vanished TASK N [PATH]        a directory of it is gone; without a path: none any more
//   session TASK N NUMBER began|over CODE [WHY...]  a user's command beside the task
//   signalled TASK N ID [WHY...]  the node has delivered signal ID, or could not
//   pre_killed TASK N [ERROR...]  its pre_kill script is over
//   render TASK MODE [DURATION]   its templates have changed, due then
//   render TASK stale keep|restart|stop DURATION | render TASK fresh | render TASK broken WHY...
//   silence ... end silence       what the node says in between is heard together, at the end
//   recorded                      the store has everything, and the node may forget what is released
//   crash [DURATION]              the alloc-runner dies; the next one has what the store recorded, and a clock that was
//                                 set back by so much
//   stop | user_stop              the job does not want the alloc any more | a user stops it
//   restart TASK | restart_all | signal TASK SIGNAL
//   VERB... hurried               stop, user_stop and restart without the shutdown_delay
//   may_change                    its turn to restart for changed templates
//   wait DURATION                 time passes
//   history TASK                  its events, newest first
//   description                   of the alloc
// clang-format on
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "alloc-runner/core/alloc.hpp"

namespace drover::scenario {

class Stage {
   public:
    // What the alloc core says to this line. Throws std::runtime_error for a line that makes no sense.
    std::string play(const std::string& line);

   private:
    using Words = std::vector<std::string>;

    void begin(const Words& words);
    void live(const wire::AllocStatus* recorded);
    void observe(const Words& words);
    wire::IncarnationObserved& incarnation(const std::string& task, std::uint64_t seq);
    void set_up(wire::IncarnationObserved& one, const Words& words);
    wire::SessionNote session(const Words& words) const;
    void render(const Words& words);
    void publish(const std::string& task);
    void hear();
    void record();
    void pass(Duration time);
    void obey(const wire::TaskCommand& command);
    void step(const alloc_runner::AllocInput& input);
    void say(const std::string& line) { said_ += line + "\n"; }
    std::string history(const std::string& task) const;

    Instant now_{seconds(1'000'000'000).ns};
    std::uint64_t term_ = 1;
    wire::AllocDesired desired_;
    wire::AllocOrder order_;
    std::optional<alloc_runner::Alloc> alloc_;
    std::optional<wire::AllocStatus> recorded_;
    std::vector<wire::TaskEvent> told_;  // unrecorded
    std::vector<wire::TaskEvent> history_;
    std::map<std::string, wire::TaskObserved> node_;
    std::vector<std::string> unheard_;
    bool silent_ = false;
    Instant wake_at_ = kNever;
    std::uint64_t signals_ = 0;
    std::string shown_status_;
    std::string said_;
};

}  // namespace drover::scenario
