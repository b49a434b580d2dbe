// What NodeHands says of incarnations, and what it does beside those that run.
#include <algorithm>

#include "driver-manager/core/session_notes.hpp"
#include "driver-manager/launcher/log_reader.hpp"
#include "driver-manager/setup/last_output.hpp"
#include "driver-manager/setup/scripts.hpp"
#include "driver-manager/shell/node_hands.hpp"
#include "host/log.hpp"
#include "os/files.hpp"

namespace drover::driver_manager {

namespace {
constexpr std::int64_t kTail = 8 << 10;  // bytes of a log that may hold the last words
constexpr std::size_t kWords = 8;        // of a driver about one start, the newest
}  // namespace

void NodeHands::on_run(const launcher::RunKey& key, const wire::IncarnationObserved& state) {
    Run& run = runs_[key];
    run.seen = state;
    const bool hangs = state.phase == wire::RunPhase::starting && !state.error.empty();
    if (hangs) run.seen.waits = "an answer: " + state.error;
    if (state.phase == wire::RunPhase::exited) {
        probes_.forget(key);
        children_.kill(std::exchange(run.script, 0));
        end_sessions(run.facts.told.sessions, loop_.now(), "the task has ended");
        if (ended_) ended_(key);
        collect_last_output(key, run);
    }
    if (state.phase == wire::RunPhase::running && !run.probed) run.facts.told.ready = true;
    say(key);
}

// In a later round, once, with the state that it has then; so nobody who is called here can be in the way.
void NodeHands::say(const launcher::RunKey& key) {
    changed_.insert(key);
    if (next_flush_ == 0) next_flush_ = loop_.at(loop_.now(), [this] { flush(); });
}

void NodeHands::flush() {
    next_flush_ = 0;
    for (const launcher::RunKey& key : std::exchange(changed_, {})) {
        const auto run = runs_.find(key);
        if (run == runs_.end()) continue;
        save(key, run->second);
        wire::IncarnationObserved whole = run->second.seen;
        setup::add_facts(run->second.facts, whole);
        whole.directory_gone = run->second.directory_gone;
        if (run->second.said == whole) continue;
        const auto& said = run->second.said;
        const bool started = whole.phase == wire::RunPhase::running && (!said || said->phase != whole.phase);
        run->second.said = whole;
        if (heard_) heard_({key.alloc, key.task}, whole);
        if (started) keeper_.started({key.alloc, key.task});
    }
}

void NodeHands::save(const launcher::RunKey& key, Run& run) {
    const std::string dir = launcher_.dir(key);
    if ((run.facts == run.saved && run.placed.empty()) || !os::exists(dir)) return;
    if (const std::string placed = std::exchange(run.placed, {}); !placed.empty())
        if (const auto saved = setup::save_placed(dir, placed); !saved)
            log::warn("cannot keep which alloc a run is of", {{"why", saved.error()}});
    if (run.facts == run.saved) return;
    // Lost, they cost a few words: steps, or a script that runs again.
    if (const auto saved = setup::save_facts(dir, run.facts); !saved)
        log::warn("cannot keep what is known of a run", {{"why", saved.error()}});
    run.saved = run.facts;
}

// A driver-manager that was restarted hears again what its predecessor heard.
void NodeHands::driver_said(const TaskKey& key, std::uint64_t seq, Instant at, const std::string& message) {
    const auto run = runs_.find({key.alloc, key.task, seq});
    if (run == runs_.end()) return;
    std::vector<wire::DriverWord>& words = run->second.facts.told.driver_words;
    const auto same = [&](const wire::DriverWord& word) { return word.at == at && word.message == message; };
    const bool old = words.size() == kWords && at < words.front().at;
    if (old || std::any_of(words.begin(), words.end(), same)) return;
    words.push_back({words.empty() ? 1 : words.back().number + 1, at, message});
    if (words.size() > kWords) words.erase(words.begin());
    say(run->first);
}

void NodeHands::probe(const wire::TaskCommand& command) {
    if (!command.spec.ready) return;
    const auto dirs = allocdir::paths(paths_.allocs, command.alloc, command.task);
    const wire::Reservation* held = admission_.find(command.alloc);
    probes_.ask({command.alloc, command.task, command.seq}, *command.spec.ready, dirs.root,
                held != nullptr ? held->ports : std::map<std::string, std::uint32_t>());
}

void NodeHands::pre_kill(const wire::TaskCommand& command) {
    const launcher::RunKey key{command.alloc, command.task, command.seq};
    const auto run = runs_.find(key);
    if (run == runs_.end() || !command.spec.pre_kill) return;
    setup::Site place = site_of(command);
    place.context.late_env = templates::late_env(place);
    const auto script = [&]() -> Result<setup::Children::Id> {
        const auto plan = drivers::plan_script(*command.spec.pre_kill, place.command.spec, place.context);
        if (!plan) return tl::unexpected(plan.error());
        return setup::run_script(children_, *plan, {paths_.session, launcher_.dir(key)}, command.spec.pre_kill->timeout,
                                 [this, key](const Result<void>& result) { pre_kill_over(key, result); });
    }();
    if (script) {
        run->second.script = *script;
    } else {
        pre_kill_over(key, tl::unexpected(script.error()));
    }
}

void NodeHands::pre_kill_over(const launcher::RunKey& key, const Result<void>& result) {
    const auto run = runs_.find(key);
    if (run == runs_.end()) return;
    run->second.script = 0;
    run->second.facts.told.pre_kill_done = true;
    if (!result) run->second.facts.told.pre_kill_error = "the pre_kill script failed: " + result.error().message;
    say(key);
}

void NodeHands::collect_last_output(const launcher::RunKey& key, Run& run) {
    if (run.seen.exit.successful() || !run.facts.told.last_output.empty()) return;
    const allocdir::TaskDirs dirs = allocdir::paths(paths_.allocs, key.alloc, key.task);
    // Not what an earlier incarnation wrote into the same log.
    const auto tail = [&](const char* stream, std::uint64_t start) {
        auto slice = launcher::read_log(dirs.logs, key.task, stream, {.offset = -kTail, .limit = kTail});
        if (!slice) return std::string();
        if (slice->offset < start)
            slice->data.erase(0, std::min<std::uint64_t>(start - slice->offset, slice->data.size()));
        return std::move(slice->data);
    };
    run.facts.told.last_output =
        setup::last_output(tail("stdout", run.facts.stdout_start), tail("stderr", run.facts.stderr_start));
}

}  // namespace drover::driver_manager
