// Hands: what the agent can do on its node. NodeHands does it with real processes; tests and the simulation bring their
// own.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/core/inventory.hpp"
#include "wire/desired.hpp"
#include "wire/log.hpp"
#include "wire/observed.hpp"

namespace drover::driver_manager {

// What was found of a task at start; without incarnations only its directories or its floor are left.
struct Found {
    TaskKey key;
    std::uint64_t floor = 0;
    std::vector<wire::IncarnationObserved> incarnations;
};

class Hands {
   public:
    virtual ~Hands() = default;

    // `heard` gets every change of an incarnation's state, also from within the calls below. Set before anything else.
    using Heard = std::function<void(const TaskKey&, const wire::IncarnationObserved&)>;
    virtual void listen(Heard heard) = 0;

    // `heard` gets what changes about the templates of a task. Set before anything else.
    using HeardRender = std::function<void(const TaskKey&, const wire::RenderObserved&)>;
    virtual void listen_renders(HeardRender heard) = 0;

    // Every task with files, once, before anything below.
    virtual Result<std::vector<Found>> adopt() = 0;

    // No incarnation of these tasks up to their numbers may ever start: durable for all of them once it has returned,
    // at the price of one.
    virtual Result<void> set_floors(const std::map<TaskKey, std::uint64_t>& floors) = 0;

    // The highest number that was ever given to set_fence, which is durable once it has returned.
    virtual Result<std::uint64_t> fence() = 0;
    virtual Result<void> set_fence(std::uint64_t term) = 0;

    // Begins the setup of the incarnation, and starts it once that is over; what comes of it is heard. An error means
    // that nothing was begun and that this incarnation left no trace; `unavailable` may pass when tried again.
    virtual Result<void> launch(const wire::TaskCommand& command) = 0;

    // Both of an incarnation that runs. `ready`, `pre_kill_done` and `pre_kill_error` are heard later.
    virtual void probe(const wire::TaskCommand& command) = 0;
    virtual void pre_kill(const wire::TaskCommand& command) = 0;

    // `signal` is a name; empty: SIGINT. As in Launcher: repeats are no-ops. One that is still being set up is
    // never_started at once.
    virtual void stop(const TaskKey& key, std::uint64_t seq, const std::string& signal, Duration timeout) = 0;
    // An error means that the signal has no such name; it counts as delivered, with the error as its outcome.
    virtual Result<void> signal(const TaskKey& key, std::uint64_t seq, std::uint64_t order,
                                const std::string& signal) = 0;
    // The standing command of a task, each time one is heard: its templates are followed as long as it should run, and
    // changes up to `rendered` act.
    virtual void keep_templates(const wire::TaskCommand& command) = 0;
    // The task of this command runs already: what it uses is counted as if it had been let in.
    virtual void assume(const wire::TaskCommand& command) = 0;
    // The task has ended for good: what it has reserved is free for others. May be repeated.
    virtual void give_back(const TaskKey& key) = 0;
    virtual void release(const TaskKey& key, std::uint64_t seq) = 0;
    // TaskCommand::placed as incarnation `seq` was launched with it; empty: it is not to be had.
    virtual std::string recall(const TaskKey& key, std::uint64_t seq) = 0;
    // Removes what is left of a task; of the alloc too when that was its last one.
    virtual void destroy(const TaskKey& key) = 0;

    virtual Result<wire::LogChunk> read_log(const wire::LogRead& read) = 0;
    // Where standard output and standard error of a task end, to be asked again and again at the price of a look; -1:
    // not known.
    using LogEnds = std::function<std::array<std::int64_t, 2>()>;
    virtual LogEnds log_ends(const TaskKey& key) = 0;
};

}  // namespace drover::driver_manager
