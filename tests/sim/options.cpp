#include "options.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace drover::sim {

std::optional<Random> Options::draw(const std::string& name, std::uint64_t percent) {
    Random random(stable_hash(name, seed_));
    if (!random.chance(percent)) return std::nullopt;
    if (only_ && !only_->contains(name)) return std::nullopt;
    taken_.push_back(name);
    return random;
}

std::set<std::string> split(std::string_view list) {
    std::set<std::string> names;
    while (!list.empty() && list != "-") {
        const std::size_t comma = std::min(list.find(','), list.size());
        names.emplace(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return names;
}

std::string join(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ",") + name;
    return list.empty() ? "-" : list;
}

}  // namespace drover::sim
