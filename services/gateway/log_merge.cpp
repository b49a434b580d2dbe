#include "gateway/log_merge.hpp"

#include <algorithm>

namespace drover::gateway {

std::optional<std::size_t> next_log(const std::vector<LogFront>& fronts) {
    std::optional<std::size_t> next;
    Instant upto = kNever;
    for (std::size_t i = 0; i < fronts.size(); ++i) {
        if (fronts[i].line == nullptr) {
            upto = std::min(upto, fronts[i].upto);
        } else if (!next || fronts[i].line->at < fronts[*next].line->at) {
            next = i;
        }
    }
    if (next && fronts[*next].line->at <= upto) return next;
    return std::nullopt;
}

}  // namespace drover::gateway
