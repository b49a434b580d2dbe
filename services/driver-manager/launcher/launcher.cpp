#include "driver-manager/launcher/launcher.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "driver-manager/launcher/state.hpp"
#include "os/files.hpp"
#include "os/trash.hpp"

namespace drover::launcher {

Run* Launcher::State::find(const RunKey& key) {
    const auto it = runs.find(key);
    return it == runs.end() ? nullptr : &it->second;
}

Run& Launcher::State::add(const RunKey& key, Stage stage) {
    Run& run = runs[key];
    run.key = key;
    run.dir = task_dir(key) + "/" + std::to_string(key.seq);
    run.stage = stage;
    run.seen.seq = key.seq;
    return run;
}

void Launcher::State::erase(const RunKey& key) {
    Run* run = find(key);
    if (run == nullptr) return;
    for (const rt::Token token : {run->on_death, run->on_word, run->retry, run->overdue, run->watchdog}) {
        loop.cancel(token);
    }
    starting.erase(key);
    changed.erase(key);
    runs.erase(key);
}

// Unique on the machine, also among several data directories, and never longer than a directory's name may be.
std::string Launcher::State::cgroup_name(const RunKey& key) const {
    const std::string name = key.alloc + "." + key.task + "." + std::to_string(key.seq);
    const std::string home = to_hex(stable_hash(state_dir)).substr(0, 8);
    return home + "." + (name.size() > 200 ? to_hex(stable_hash(name)) : name);
}

void Launcher::State::changed_now(Run& run) {
    changed.insert(run.key);
    if (next_flush == 0) next_flush = loop.at(loop.now(), [this] { flush(); });
}

void Launcher::State::flush() {
    next_flush = 0;
    for (const RunKey& key : std::exchange(changed, {})) {
        Run* run = find(key);
        if (run == nullptr || run->said == run->seen) continue;
        run->said = run->seen;
        // A copy: the listener may release the run while it looks at this.
        const wire::IncarnationObserved seen = run->seen;
        listener.on_run(key, seen);
    }
}

Launcher::Launcher(rt::Loop& loop, std::string state_dir, std::string shim, std::size_t in_flight, Listener& listener,
                   std::vector<std::string> groups)
    : state_(std::make_unique<State>(loop, std::move(state_dir), std::move(shim), std::max<std::size_t>(1, in_flight),
                                     listener, std::move(groups))) {}

Launcher::~Launcher() {
    while (!state_->runs.empty()) state_->erase(RunKey(state_->runs.begin()->first));
    state_->loop.cancel(state_->next_start);
    state_->loop.cancel(state_->next_flush);
}

void Launcher::launch(const RunKey& key, const std::string& id, const drivers::LaunchPlan& plan) {
    if (state_->find(key) != nullptr) return;
    Run& run = state_->add(key, Stage::queued);
    run.seen.id = id;
    run.plan = plan;
    if (!os::is_plain_name(key.alloc) || !os::is_plain_name(key.task)) {
        state_->start_failed(run, "\"" + key.alloc + "/" + key.task + "\" cannot name a directory; rename it", false);
        return;
    }
    state_->queue.push_back(key);
    state_->start_later();
}

void Launcher::refuse(const RunKey& key, const std::string& id, const std::string& sentence, bool recoverable) {
    if (state_->find(key) != nullptr) return;
    Run& run = state_->add(key, Stage::queued);
    run.seen.id = id;
    bool claimed = false;
    // Without a directory it is as with any start that failed before it had one.
    (void)state_->claim(run, claimed);
    state_->start_failed(run, sentence, recoverable);
}

std::string Launcher::dir(const RunKey& key) const { return state_->task_dir(key) + "/" + std::to_string(key.seq); }

void Launcher::stop(const RunKey& key, int signal, Duration timeout) {
    Run* run = state_->find(key);
    if (run == nullptr || run->stage == Stage::ended || run->stage == Stage::ending || run->stop) return;
    if (run->stage == Stage::queued) {
        std::erase(state_->queue, key);
        state_->never_started(*run, "");
        return;
    }
    run->stop = Run::Stop{signal, timeout};
    state_->arm_watchdog(*run);
    state_->say_open_orders(*run);
}

void Launcher::signal(const RunKey& key, std::uint64_t order, int signal) {
    Run* run = state_->find(key);
    if (run == nullptr || run->stage == Stage::ended || order <= run->seen.signals_applied) return;
    run->signals[order] = signal;
    state_->say_open_orders(*run);
}

void Launcher::release(const RunKey& key) {
    const Run* run = state_->find(key);
    if (run == nullptr || run->stage != Stage::ended) return;
    // What cannot be removed now is found at the next start, reported again and released again.
    (void)os::move_to_trash(state_->state_dir, run->dir);
    state_->erase(key);
}

Result<void> Launcher::set_floors(const Floors::Numbers& floors) { return state_->floors.raise(floors); }

const Floors::Numbers& Launcher::floors() const { return state_->floors.all(); }

void Launcher::forget(const std::string& alloc, const std::string& task) {
    const auto first = state_->runs.lower_bound(RunKey{alloc, task, 0});
    const bool busy = first != state_->runs.end() && first->first.alloc == alloc && first->first.task == task;
    if (busy || !os::is_plain_name(alloc) || !os::is_plain_name(task)) return;
    state_->floors.forget(alloc, task);
    const std::string alloc_dir = state_->state_dir + "/" + alloc;
    const Result<std::vector<std::string>> tasks = os::list_dir(alloc_dir, 1 << 16);
    const bool alone = tasks && *tasks == std::vector<std::string>{task};
    (void)os::move_to_trash(state_->state_dir, alone ? alloc_dir : alloc_dir + "/" + task);
}

}  // namespace drover::launcher
