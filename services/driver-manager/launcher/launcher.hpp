// Launcher: turns LaunchPlans into live shims, finds them again after a restart, and reports how they end. The
// directory of an incarnation, <state_dir>/<alloc>/<task>/<seq>/, is the truth: whoever makes it owns the start (mkdir
// is the claim), and the shim's status record in it says what became of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/drivers/plan.hpp"
#include "driver-manager/launcher/floors.hpp"
#include "rt/loop.hpp"
#include "wire/observed.hpp"

namespace drover::launcher {

struct RunKey {
    std::string alloc;
    std::string task;
    std::uint64_t seq = 0;

    friend auto operator<=>(const RunKey&, const RunKey&) = default;
};

class Listener {
   public:
    virtual ~Listener() = default;
    // The incarnation's state has changed: running (with pid), exited, start_failed, signals applied.
    virtual void on_run(const RunKey& key, const wire::IncarnationObserved& state) = 0;
};

class Launcher {
   public:
    // `state_dir` and everything in it is 0700. `shim` is the path of drover-shim. At most `in_flight` starts at a time
    // are between spawn and running; further ones queue. Shims begin in the control groups `groups`; empty: in ours.
    Launcher(rt::Loop& loop, std::string state_dir, std::string shim, std::size_t in_flight, Listener& listener,
             std::vector<std::string> groups = {});
    ~Launcher();

    // Every incarnation that has a directory, with its state; reconnects to the live shims, ends the tree of those
    // whose shim died, and reports them as exited with code -1. Called once, before anything else.
    Result<std::vector<std::pair<RunKey, wire::IncarnationObserved>>> adopt();

    // Claims and starts; a key that exists already is left as it is. The outcome arrives through the listener.
    void launch(const RunKey& key, const std::string& id, const drivers::LaunchPlan& plan);

    // Claims an incarnation that cannot be started, so that this is its end also after a restart.
    void refuse(const RunKey& key, const std::string& id, const std::string& sentence, bool recoverable);

    // The directory of an incarnation. It exists once a start was claimed, until the release.
    std::string dir(const RunKey& key) const;

    // Signal now, SIGKILL to the whole tree after `timeout`. Carried out by the shim, so it happens on time even when
    // this process dies; the first stop of an incarnation counts, repeats are no-ops. A launch still queued becomes
    // never_started.
    void stop(const RunKey& key, int signal, Duration timeout);

    // Delivers `signal` to the task's main process once per `order`; the outcome arrives through the listener.
    void signal(const RunKey& key, std::uint64_t order, int signal);

    // The end is recorded elsewhere: the directory goes into the trash of the state directory (os/trash.hpp), which the
    // caller empties when nobody waits for it. Only for ended incarnations.
    void release(const RunKey& key);

    // Remembers, durably and before returning, that no incarnation of these tasks up to their numbers may ever start:
    // of all of them or, with an error, of none. Many at once cost as much as one.
    Result<void> set_floors(const Floors::Numbers& floors);
    const Floors::Numbers& floors() const;

    // The task's whole state directory goes the same way, and its floor; only when every incarnation was released.
    void forget(const std::string& alloc, const std::string& task);

   private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace drover::launcher
