#include "driver-manager/templates/changes.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/hash.hpp"

namespace drover::templates {
namespace {

constexpr std::size_t kNamed = 3;

Duration splay_of(const wire::Template& spec, const std::string& task) {
    if (spec.splay.ns <= 0) return {};
    return nanoseconds(static_cast<std::int64_t>(stable_hash(task) % static_cast<std::uint64_t>(spec.splay.ns)));
}

// An earlier change of the same template that has not acted yet becomes a part of this one, and does not put it off.
void note(Memory& memory, Change change) {
    const auto earlier = std::find_if(memory.pending.begin(), memory.pending.end(),
                                      [&](const Change& c) { return c.destination == change.destination; });
    if (earlier != memory.pending.end()) {
        change.due_at = std::min(change.due_at, earlier->due_at);
        memory.pending.erase(earlier);
    }
    memory.pending.push_back(std::move(change));
}

void forget_others(Memory& memory, const std::vector<wire::Template>& templates) {
    const auto gone = [&](const std::string& destination) {
        return std::none_of(templates.begin(), templates.end(),
                            [&](const wire::Template& spec) { return spec.destination == destination; });
    };
    std::erase_if(memory.renders, [&](const auto& entry) { return gone(entry.first); });
    std::erase_if(memory.pending, [&](const Change& change) { return gone(change.destination); });
}

}  // namespace

void begin(Memory& memory, const std::vector<wire::Template>& templates, const std::vector<Outcome>& outcomes) {
    CHECK(templates.size() == outcomes.size());
    forget_others(memory, templates);
    memory.pending.clear();
    for (std::size_t i = 0; i < templates.size(); ++i) {
        if (outcomes[i].text) memory.renders[templates[i].destination] = {stable_hash(*outcomes[i].text), {}};
    }
}

std::vector<std::size_t> follow(Memory& memory, const std::vector<wire::Template>& templates,
                                const std::vector<Outcome>& outcomes, const std::string& task, Instant now) {
    CHECK(templates.size() == outcomes.size());
    std::vector<std::size_t> changed;
    for (std::size_t i = 0; i < templates.size(); ++i) {
        const wire::Template& spec = templates[i];
        const auto kept = memory.renders.find(spec.destination);
        if (kept == memory.renders.end()) continue;  // its start has not been set up yet
        if (!outcomes[i].text) {
            if (!kept->second.stale_since.set()) kept->second.stale_since = now;
            continue;
        }
        kept->second.stale_since = {};
        const std::uint64_t hash = stable_hash(*outcomes[i].text);
        if (kept->second.hash == hash) continue;
        kept->second.hash = hash;
        changed.push_back(i);
    }
    if (!changed.empty()) ++memory.number;
    for (const std::size_t i : changed) {
        const wire::Template& spec = templates[i];
        note(memory,
             {memory.number, spec.change_mode, spec.change_signal, now + splay_of(spec, task), spec.destination});
    }
    return changed;
}

Act acknowledge(Memory& memory, std::uint64_t number) {
    Act act;
    bool restart = false;
    for (const Change& change : memory.pending) {
        if (change.number > number) continue;
        restart = restart || change.mode == wire::ChangeMode::restart;
        const bool known = std::find(act.signals.begin(), act.signals.end(), change.signal) != act.signals.end();
        if (change.mode == wire::ChangeMode::signal && !known) act.signals.push_back(change.signal);
        if (change.mode == wire::ChangeMode::script) act.scripts.push_back(change.destination);
    }
    std::erase_if(memory.pending, [&](const Change& change) { return change.number <= number; });
    return restart ? Act{} : act;
}

void note_failure(Memory& memory, const std::string& error) {
    ++memory.failures;
    memory.error = error;
    std::replace_if(
        memory.error.begin(), memory.error.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
}

wire::RenderObserved describe(const Memory& memory, const std::vector<wire::Template>& templates,
                              const std::vector<Outcome>& outcomes) {
    wire::RenderObserved out;
    out.number = memory.number;
    out.act_failures = memory.failures;
    out.act_error = memory.error;
    std::vector<std::string> changed;
    for (const Change& change : memory.pending) {
        changed.push_back("template " + change.destination);
        const bool stronger = change.mode > out.mode || !out.due_at.set();
        if (stronger || (change.mode == out.mode && change.due_at < out.due_at)) out.due_at = change.due_at;
        if (stronger) out.signal = change.signal;
        out.mode = std::max(out.mode, change.mode);
    }
    out.what = list_names(changed);
    std::vector<std::string> whys;
    for (std::size_t i = 0; i < templates.size(); ++i) {
        const auto kept = memory.renders.find(templates[i].destination);
        if (kept == memory.renders.end() || !kept->second.stale_since.set()) continue;
        const Instant since = kept->second.stale_since;
        out.stale_since = out.stale_since.set() ? std::min(out.stale_since, since) : since;
        if (i < outcomes.size() && std::find(whys.begin(), whys.end(), outcomes[i].why) == whys.end())
            whys.push_back(outcomes[i].why);
        if (templates[i].on_stale == wire::OnStale::keep) continue;
        const Instant due = since + templates[i].stale_after;
        if (out.on_stale == wire::OnStale::keep || due < out.stale_due) {
            out.on_stale = templates[i].on_stale;
            out.stale_due = due;
        } else if (due == out.stale_due) {
            out.on_stale = std::max(out.on_stale, templates[i].on_stale);
        }
    }
    out.stale_why = list_names(whys);
    return out;
}

std::string list_names(const std::vector<std::string>& names) {
    std::string out;
    for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i) out += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > kNamed) out += " and " + std::to_string(names.size() - kNamed) + " more";
    return out;
}

}  // namespace drover::templates
