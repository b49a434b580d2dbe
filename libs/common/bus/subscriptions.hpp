// Subscriptions: the prefixes that others listen to.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace drover::bus {

class Subscriptions {
   public:
    void add(std::string_view prefix) { prefixes_.emplace(prefix); }
    void remove(std::string_view prefix);
    std::size_t size() const { return prefixes_.size(); }

    // Whether any of them hears a topic that begins with `prefix`. Asked for every task every second, so it costs a few
    // searches in a tree, whatever their number.
    bool overlap(std::string_view prefix) const;

   private:
    std::set<std::string, std::less<>> prefixes_;
};

}  // namespace drover::bus
