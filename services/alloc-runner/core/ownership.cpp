#include "alloc-runner/core/ownership.hpp"

#include <string>

#include "base/hash.hpp"

namespace drover::alloc_runner {

const wire::Member* owner(std::string_view job, const wire::Members& members) {
    const wire::Member* best = nullptr;
    std::uint64_t best_weight = 0;
    for (const wire::Member& member : members.alloc_runners) {
        const std::uint64_t weight = stable_hash(member.id + "/" + std::string(job));
        if (best && (weight < best_weight || (weight == best_weight && best->id < member.id))) continue;
        best = &member;
        best_weight = weight;
    }
    return best;
}

}  // namespace drover::alloc_runner
