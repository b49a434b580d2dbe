#include "state-store/core/expiry.hpp"

#include <algorithm>

namespace drover::store {

Result<std::vector<Log::Entry>> expired(const Log& log, std::uint64_t max_count, std::size_t limit,
                                        const std::function<bool(const Log::Entry&)>& old) {
    const std::uint64_t extra = log.size() > max_count ? log.size() - max_count : 0;
    auto oldest = log.after("", 0, 1);
    if (!oldest) return tl::unexpected(oldest.error());
    if (oldest->entries.empty()) return std::vector<Log::Entry>{};
    const bool too_old = old(oldest->entries.front());
    if (!too_old && extra == 0) return std::vector<Log::Entry>{};

    auto slice = log.after("", 0, too_old ? limit : std::min<std::uint64_t>(limit, extra));
    if (!slice) return tl::unexpected(slice.error());
    std::vector<Log::Entry>& entries = slice->entries;
    std::size_t count = std::min<std::size_t>(extra, entries.size());
    while (count < entries.size() && old(entries[count])) ++count;
    entries.resize(count);
    return std::move(entries);
}

std::vector<std::string> keys_of(const std::vector<Log::Entry>& entries) {
    std::vector<std::string> keys;
    for (const Log::Entry& entry : entries) keys.push_back(entry.key);
    return keys;
}

}  // namespace drover::store
