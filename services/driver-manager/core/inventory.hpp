// Inventory: what this node has of every task, and what the standing commands ask to be done about it. Pure: commands,
// the launcher's reports and what was found at start go in; plain actions for the shell come out.
//
// What it guarantees, whatever is heard, however often and in whatever order:
//   - at most one incarnation of a task is live;
//   - an incarnation starts at most once, and never once it, or a later one, was told to stop;
//   - a command of a term below the highest heard, by whichever process served this node, changes nothing: terms are
//     the same for all allocs, and whoever is behind hears of the new one and says everything again;
//   - hearing the same command again asks for nothing new;
//   - the end of an incarnation is reported until the command says that it is recorded (`released`).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wire/desired.hpp"
#include "wire/observed.hpp"

namespace drover::driver_manager {

struct TaskKey {
    std::string alloc;
    std::string task;

    friend auto operator<=>(const TaskKey&, const TaskKey&) = default;
};

// To be carried out in the order given, before anything in `Decision::changed` is published.
struct Action {
    enum class Kind {
        launch,     // start incarnation `seq` with `id`, from the spec of the standing command
        stop,       // `signal` now, SIGKILL to the whole tree after `timeout`
        signal,     // deliver `signal` once for `order`
        release,    // forget the ended incarnation `seq` and its files
        set_floor,  // remember durably that no incarnation up to `seq` may ever start
        set_fence,  // remember durably that nobody of a term below `seq` is obeyed
        destroy,    // nothing of the task lives or is remembered: remove its directories
        pre_kill,   // run the task's pre_kill script beside the running incarnation `seq`
        probe,      // ask the running incarnation `seq` until it is ready
        recall,     // find what is kept beside incarnation `seq` of the alloc it was placed as
    };
    Kind kind = Kind::launch;
    TaskKey key;
    std::uint64_t seq = 0;
    std::string id;
    std::string signal;  // a name such as "SIGHUP"; empty: the driver's default
    Duration timeout;
    std::uint64_t order = 0;

    friend bool operator==(const Action&, const Action&) = default;
};

struct Decision {
    std::vector<Action> actions;
    std::vector<TaskKey> changed;  // whose observed() now says something else
    std::string refused;           // why the input was ignored; empty when it was not
};

class Inventory {
   public:
    // Ended incarnations of one task that may wait for their release; with more, starts are refused.
    static constexpr std::size_t kMaxEnded = 64;
    // Destroyed tasks whose floor is still remembered against late commands.
    static constexpr std::size_t kMaxDestroyed = 4096;

    // The highest fence that was set when this process started. Before anything else.
    void adopt(std::uint64_t fence) { fence_ = fence; }

    // What a task had when this process started. Once per task, before its first command; a task without incarnations
    // needs it only when its floor is not 0.
    void adopt(const TaskKey& key, std::uint64_t floor, const std::vector<wire::IncarnationObserved>& incarnations);

    Decision command(const wire::TaskCommand& command);

    // The state of an incarnation that was launched or adopted has changed. A state that cannot follow the known one is
    // refused.
    Decision report(const TaskKey& key, const wire::IncarnationObserved& state);

    // What is said of the task's templates from now on.
    Decision rendered(const TaskKey& key, const wire::RenderObserved& now);

    // What was found for a recall, perhaps nothing; it is told until another command comes.
    Decision recalled(const TaskKey& key, std::string placed);

    bool knows(const TaskKey& key) const { return tasks_.contains(key); }

    // Nothing when the task is unknown or destroyed.
    std::optional<wire::TaskObserved> observed(const TaskKey& key) const;

    // The newest accepted command of a task; null before the first and once the task is destroyed.
    const wire::TaskCommand* standing(const TaskKey& key) const;

    // Does the task hold what it has reserved? From before its first incarnation until nothing of it lives and it will
    // not run again; one that was adopted, until it is known what should become of it.
    bool keeps_place(const TaskKey& key) const;

    // Calls for each incarnation that runs and whose command is known. Nothing is copied for it.
    void each_running(const std::function<void(const TaskKey&, const wire::TaskCommand&,
                                               const wire::IncarnationObserved&)>& call) const;

    // Calls for each task that has an observed() and whose command is known.
    void each_standing(const std::function<void(const TaskKey&, const wire::TaskCommand&)>& call) const;

    // How many commands were accepted: while it stays, each_standing() calls for no others.
    std::uint64_t accepted() const { return accepted_; }

    // Has it an observed()?
    bool shows(const TaskKey& key) const;

    // The newest incarnation of a task of which nothing starts or runs; else 0.
    std::uint64_t at_rest(const TaskKey& key) const;

    // Every task that has an observed().
    std::vector<TaskKey> tasks() const;

   private:
    struct Incarnation {
        wire::IncarnationObserved seen;
        bool launched = false;  // it has files; otherwise it is only said to have ended
        bool stop_sent = false;
        bool pre_kill_sent = false;
        bool probe_sent = false;
    };

    struct Task {
        std::optional<wire::TaskCommand> standing;
        std::uint64_t floor = 0;
        std::uint64_t released = 0;
        std::optional<wire::RenderObserved> render;
        std::optional<std::string> placed;  // once it was recalled
        std::uint64_t signalled = 0;        // highest SignalOrder id passed on
        std::map<std::uint64_t, Incarnation> incarnations;
        bool destroyed = false;
    };

    Decision recall(const wire::TaskCommand& command);
    void settle(const TaskKey& key, Task& task, Decision& decision);
    void settle_released(const TaskKey& key, Task& task, Decision& decision);
    void settle_run(const TaskKey& key, Task& task, Decision& decision);
    void settle_pre_kill(const TaskKey& key, Task& task, Decision& decision);
    void settle_ready(const TaskKey& key, Task& task, Decision& decision);
    void settle_signals(const TaskKey& key, Task& task, Decision& decision);
    void settle_stop(const TaskKey& key, Task& task, Decision& decision);
    void settle_destroy(const TaskKey& key, Task& task, Decision& decision);
    void remember_destroyed(const TaskKey& key);
    wire::TaskObserved describe(const TaskKey& key, const Task& task) const;

    std::map<TaskKey, Task> tasks_;
    std::uint64_t fence_ = 0;
    std::uint64_t accepted_ = 0;
    std::map<std::string, std::uint64_t> terms_;  // per alloc, of its newest command
    std::vector<TaskKey> destroyed_;              // oldest first
};

}  // namespace drover::driver_manager
