#include "state-store/core/leases.hpp"

#include <algorithm>

namespace drover::store {

Leases::Leases(const wire::Members& members, bool anew, Instant now, Duration ttl)
    : ttl_(ttl), generation_(members.generation), complete_since_(anew ? now : members.complete_since) {
    // Generations grow by far less than one a second, so the clock is ahead of all of them.
    if (anew) generation_ = std::max(generation_ + 1, static_cast<std::uint64_t>(now.ns / seconds(1).ns));
    for (const wire::Member& member : members.alloc_runners) leases_[member.id] = {member.boot, now + ttl_};
}

void Leases::remember(Boots& boots, const std::string& boot) {
    boots.push_back(boot);
    if (boots.size() > kGoneBoots) boots.pop_front();
}

bool Leases::heard(const std::string& id, const std::string& boot, Instant now) {
    const auto among = [&boot](const Boots& boots) {
        return std::find(boots.begin(), boots.end(), boot) != boots.end();
    };
    if (among(left_) || (among(replaced_) && leases_.contains(id))) return false;
    std::erase(replaced_, boot);
    const auto [it, fresh] = leases_.try_emplace(id);
    const bool changed = fresh || it->second.boot != boot;
    if (changed && !fresh) remember(replaced_, it->second.boot);
    it->second = {boot, now + ttl_};
    if (changed) ++generation_;
    return changed;
}

bool Leases::left(const std::string& id, const std::string& boot) {
    remember(left_, boot);
    const auto it = leases_.find(id);
    if (it == leases_.end() || it->second.boot != boot) return false;
    leases_.erase(it);
    ++generation_;
    return true;
}

bool Leases::expire(Instant now) {
    const auto lapsed = std::erase_if(leases_, [&](const auto& lease) { return lease.second.until <= now; });
    if (lapsed > 0) ++generation_;
    return lapsed > 0;
}

Instant Leases::next_expiry() const {
    Instant next = kNever;
    for (const auto& [id, lease] : leases_) next = std::min(next, lease.until);
    return next;
}

wire::Members Leases::members() const {
    wire::Members out{.generation = generation_, .alloc_runners = {}, .complete_since = complete_since_};
    for (const auto& [id, lease] : leases_) out.alloc_runners.push_back({id, lease.boot});
    return out;
}

}  // namespace drover::store
