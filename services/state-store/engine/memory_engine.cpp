#include "state-store/engine/memory_engine.hpp"

#include <algorithm>
#include <utility>

namespace drover::store {

const MemoryEngine::SpaceState& MemoryEngine::find(Space space) const {
    static const SpaceState kEmpty;
    const auto it = spaces_.find(space);
    return it == spaces_.end() ? kEmpty : it->second;
}

bool MemoryEngine::expectations_hold(const Batch& batch) const {
    for (const Change& change : batch) {
        if (!change.expected) continue;
        const auto it = entries_.find(change.key);
        const std::uint64_t revision = it == entries_.end() || it->second.erased ? 0 : it->second.revision;
        if (revision != *change.expected) return false;
    }
    return true;
}

void MemoryEngine::remove(Entries::iterator it) {
    SpaceState& space = spaces_[it->second.space];
    space.keys.erase(it->second.revision);
    if (!it->second.erased) --space.live;
    entries_.erase(it);
}

void MemoryEngine::apply(const Change& change) {
    const auto it = entries_.find(change.key);
    const bool known = it != entries_.end();
    if (change.kind == ChangeKind::erase && (!known || it->second.erased)) return;
    const Space space = known ? it->second.space : change.space;
    if (known) remove(it);
    if (change.kind == ChangeKind::forget) return;

    SpaceState& state = spaces_[space];
    state.head = ++head_;
    state.keys.emplace(head_, change.key);
    const bool erased = change.kind == ChangeKind::erase;
    if (!erased) ++state.live;
    entries_.emplace(change.key, Entry{head_, space, change.key, erased, erased ? std::string() : change.value});
}

Result<std::uint64_t> MemoryEngine::commit(const Batch& batch) {
    if (!expectations_hold(batch)) {
        return fail(ErrorKind::conflict, "the batch was not applied: a key has changed meanwhile; read it again");
    }
    for (const Change& change : batch) apply(change);
    return head_;
}

Result<std::optional<Entry>> MemoryEngine::get(std::string_view key) const {
    const auto it = entries_.find(key);
    if (it == entries_.end() || it->second.erased) return std::nullopt;
    return it->second;
}

Result<std::vector<Entry>> MemoryEngine::range(std::string_view prefix, std::size_t limit,
                                               std::string_view above) const {
    std::vector<Entry> out;
    auto it = above < prefix ? entries_.lower_bound(prefix) : entries_.upper_bound(above);
    for (; it != entries_.end() && it->first.starts_with(prefix) && out.size() < limit; ++it) {
        if (!it->second.erased) out.push_back(it->second);
    }
    return out;
}

Result<std::vector<Entry>> MemoryEngine::after(Space space, std::uint64_t revision, std::size_t limit) const {
    auto all = after(space, "", revision, limit);
    return std::move(all->entries);
}

Result<Slice> MemoryEngine::after(Space space, std::string_view prefix, std::uint64_t revision,
                                  std::size_t limit) const {
    const SpaceState& state = find(space);
    Slice out{{}, state.head};
    for (auto it = state.keys.upper_bound(revision); it != state.keys.end() && out.entries.size() < limit; ++it) {
        if (it->second.starts_with(prefix)) out.entries.push_back(entries_.find(it->second)->second);
    }
    if (out.entries.size() == limit) out.through = out.entries.back().revision;
    return out;
}

Result<void> MemoryEngine::renumber(std::uint64_t above) {
    uuid_ += "'";
    head_ = std::max(head_, above);
    return {};
}

Result<void> MemoryEngine::trim_tombstones(Space space, std::uint64_t keep) {
    SpaceState& state = spaces_[space];
    std::uint64_t extra = state.keys.size() - state.live;
    extra = extra > keep ? extra - keep : 0;
    for (auto it = state.keys.begin(); extra > 0;) {
        const auto entry = entries_.find(std::exchange(it, std::next(it))->second);
        if (!entry->second.erased) continue;
        state.floor = entry->second.revision;
        remove(entry);
        --extra;
    }
    return {};
}

}  // namespace drover::store
