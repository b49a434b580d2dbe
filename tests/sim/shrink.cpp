#include "shrink.hpp"

#include <algorithm>

namespace drover::sim {
namespace {

std::set<std::string> without(const std::vector<std::string>& all, std::size_t first, std::size_t count) {
    std::set<std::string> rest;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (i < first || i >= first + count) rest.insert(all[i]);
    return rest;
}

}  // namespace

Shrunk shrink(const Outcome& failing, const Rerun& rerun, std::size_t most_runs) {
    Shrunk shrunk{failing.taken, 0};
    std::size_t size = std::max<std::size_t>(shrunk.only.size() / 2, 1);
    bool smaller = false;  // in this pass
    std::size_t first = 0;
    while (shrunk.runs < most_runs && !shrunk.only.empty()) {
        if (first >= shrunk.only.size()) {
            if (size == 1 && !smaller) break;
            size = std::max<std::size_t>(size / 2, 1);
            first = 0;
            smaller = false;
            continue;
        }
        ++shrunk.runs;
        const Outcome outcome = rerun(without(shrunk.only, first, size));
        if (outcome.promise == failing.promise) {
            shrunk.only = outcome.taken;
            smaller = true;
        } else {
            first += size;
        }
    }
    return shrunk;
}

}  // namespace drover::sim
