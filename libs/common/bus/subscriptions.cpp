#include "bus/subscriptions.hpp"

#include <algorithm>

namespace drover::bus {

void Subscriptions::remove(std::string_view prefix) {
    if (const auto it = prefixes_.find(prefix); it != prefixes_.end()) prefixes_.erase(it);
}

bool Subscriptions::overlap(std::string_view prefix) const {
    const auto above = prefixes_.lower_bound(prefix);
    if (above != prefixes_.end() && above->starts_with(prefix)) return true;
    // A prefix of `prefix` sorts before it. Of those up to `rest` the last one is it, or shares with `rest` all that
    // any of the others could be.
    for (std::string_view rest = prefix;;) {
        const auto next = prefixes_.upper_bound(rest);
        if (next == prefixes_.begin()) return false;
        const std::string_view last = *std::prev(next);
        const auto [end, ignored] = std::mismatch(last.begin(), last.end(), rest.begin(), rest.end());
        const auto shared = static_cast<std::size_t>(end - last.begin());
        if (shared == last.size()) return true;
        if (shared == 0) return prefixes_.contains(std::string_view());
        rest = rest.substr(0, shared);
    }
}

}  // namespace drover::bus
