// The nearest valid name, for "did you mean".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace drover {

// Insertions, deletions, replacements and swaps of neighbours between the two words, ignoring case and taking '-' for
// '_'. Words longer than 64 bytes are far from everything.
std::size_t edit_distance(std::string_view a, std::string_view b);

// Farther than this from a word of that length is no typing mistake.
inline std::size_t nearest_limit(std::string_view word) { return word.size() < 4 ? 1 : word.size() < 8 ? 2 : 3; }

// The name closest to `word`, or "" when none is close. `names` is any range of strings; the first of equals wins.
template <class Names>
std::string nearest(std::string_view word, const Names& names) {
    std::string best;
    std::size_t best_distance = nearest_limit(word) + 1;
    for (const auto& name : names) {
        const std::size_t distance = edit_distance(word, name);
        if (distance < best_distance) {
            best_distance = distance;
            best = std::string(name);
        }
    }
    return best;
}

}  // namespace drover
