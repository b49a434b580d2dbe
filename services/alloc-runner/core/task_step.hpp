// One step of one task at work; internal to the task core. What is heard is in task_observe.cpp, what happens between
// the wish to end a process and its signal in task_stop.cpp, the rest in task.cpp.
#pragma once

#include <utility>

#include "alloc-runner/core/events.hpp"
#include "alloc-runner/core/task.hpp"
#include "policy/restart.hpp"

namespace drover::alloc_runner {

// The bit of TaskStatus::setup_told that outlasts an incarnation.
inline constexpr std::uint32_t kDirectoryTold = 1;

class TaskStep {
   public:
    TaskStep(Task& task, const TaskRules& rules, Instant now)
        : task_(task), status_(task.status), rules_(rules), now_(now) {
        follow_clock();
    }

    void receive();
    void apply(const Kill& kill);
    void apply(const GiveUp& give_up);
    void apply(const Orders& orders);
    void apply(const Heard& heard);
    void apply(const Wake& wake);
    TaskDecision finish();

   private:
    template <class T>
    void set(T& field, T value) {
        if (field == value) return;
        field = std::move(value);
        decision_.changed = true;
    }
    void follow_clock();
    void enter(TaskPhase to);
    void die(Instant at);
    void say(events::Words words, Instant time);
    void say(events::Words words) { say(std::move(words), now_); }
    Instant believable(Instant time) const { return time.set() && time < now_ ? time : now_; }
    void wake(Instant at) { decision_.wake_at = at < decision_.wake_at ? at : decision_.wake_at; }

    void number(std::uint64_t seq);
    void begin(std::uint64_t seq);
    void begin_again();
    void revive();
    void end_for_good();
    void restart(const std::string& reason);
    const wire::IncarnationObserved* current() const;
    std::string why() const;

    void leave_behind(bool successor);
    void reach(const wire::IncarnationObserved& one);
    void take(const wire::IncarnationObserved& one, bool successor);
    void see_setup(const wire::IncarnationObserved& one);
    void see_step(const wire::SetupStep& step);
    void see_directory(Instant began_at, Duration took);
    void tell_act_failures(const wire::RenderObserved& render);
    bool first_told(std::uint32_t bit);
    void tell_words(const wire::IncarnationObserved& one);
    void see_running(const wire::IncarnationObserved& one);
    void see_signals(const wire::IncarnationObserved& one);
    void see_sessions(const wire::IncarnationObserved& one);
    void see_end(const wire::ExitRecord& exit, const std::string& last_output, Instant at, bool successor);
    void see_start_failure(const wire::IncarnationObserved& one, bool successor);
    void lose(bool successor);
    void settle_absent();
    void conclude(const policy::Ending& ending, Instant at, bool successor);

    void start_if_due();
    void advance_stop();
    void begin_shutdown_delay();
    Duration longest_stage() const;
    void limit_stop();
    bool skips_delay() const;
    void follow_templates();
    void follow_staleness(const wire::RenderObserved& render);

    Task& task_;
    wire::TaskStatus& status_;
    const TaskRules& rules_;
    Instant now_;
    TaskDecision decision_;
};

}  // namespace drover::alloc_runner
