// What a simulation may leave out: its troubles, its users' wishes, what makes its jobs special. Each is drawn by name
// with a source of chance of its own, so that leaving one out changes nothing about the others; that is how a failing
// run becomes a smaller one.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "random.hpp"

namespace drover::sim {

class Options {
   public:
    using Only = std::optional<std::set<std::string>>;  // nothing: all that are drawn

    Options(std::uint64_t seed, Only only) : seed_(seed), only_(std::move(only)) {}

    // Drawn with `percent`: what it needs to draw further. The same name gives the same answer.
    std::optional<Random> draw(const std::string& name, std::uint64_t percent);
    // In the order in which they were drawn.
    const std::vector<std::string>& taken() const { return taken_; }

   private:
    std::uint64_t seed_;
    Only only_;
    std::vector<std::string> taken_;
};

// "a,b,c", and "-" for none.
std::set<std::string> split(std::string_view list);
std::string join(const std::vector<std::string>& names);

}  // namespace drover::sim
