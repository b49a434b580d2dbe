#include "state-store/shell/recorded.hpp"

#include "base/hash.hpp"
#include "host/log.hpp"
#include "state-store/core/keys.hpp"

namespace drover::store {

Result<std::optional<std::string>> EngineView::get(std::string_view key) const {
    auto entry = engine_.get(key);
    if (!entry) {
        failure_ = entry.error();
        return tl::unexpected(entry.error());
    }
    if (!*entry) return std::nullopt;
    return std::move((*entry)->value);
}

Result<Log::Slice> EngineLog::after(std::string_view prefix, std::uint64_t number, std::size_t limit) const {
    auto slice = engine_.after(space_, prefix, number, limit);
    if (!slice) return tl::unexpected(slice.error());
    Slice out{{}, slice->through};
    for (store::Entry& entry : slice->entries) {
        if (!entry.erased) out.entries.push_back({entry.revision, std::move(entry.key), std::move(entry.value)});
    }
    return out;
}

std::uint64_t EngineFeed::epoch() const { return stable_hash(engine_.uuid()); }

std::vector<wire::Record> EngineFeed::after(std::uint64_t number, std::size_t limit) const {
    auto entries = engine_.after(space_, number, limit);
    std::vector<wire::Record> out;
    if (!entries) {
        log::error("cannot read what is recorded", {{"error", entries.error()}});
        return out;
    }
    for (Entry& entry : *entries) {
        const std::string_view kind = entry.erased ? std::string_view() : record_kind(entry.key);
        out.push_back({entry.revision, std::string(kind), record_key(entry.key), entry.erased, std::move(entry.value)});
    }
    return out;
}

Batch to_batch(const Draft& draft) {
    Batch batch;
    for (Write& write : draft.writes()) {
        const Space space = space_of(write.key);
        // What everybody was told of is erased for everybody.
        const bool told = space == kStateSpace && !record_kind(write.key).empty();
        const ChangeKind gone = told ? ChangeKind::erase : ChangeKind::forget;
        const ChangeKind kind = write.value ? ChangeKind::put : gone;
        batch.push_back({kind, space, std::move(write.key), std::move(write.value).value_or("")});
    }
    return batch;
}

}  // namespace drover::store
