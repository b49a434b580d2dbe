// Rendering a compiled template.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "templating/program.hpp"

namespace drover::templating {

inline constexpr std::size_t kMaxOutput = 1 << 20;   // bytes
inline constexpr std::size_t kMaxSteps = 1'000'000;  // blocks gone through
inline constexpr std::size_t kMaxNamed = 32;         // missing things that are listed

enum class State {
    present,
    absent,   // it is known not to be there: `or` and `if` go on without it
    unknown,  // it cannot be said whether it is there: nothing goes on without it
};

struct Found {
    State state = State::absent;
    std::string text;                          // of one that is present
    std::map<std::string, std::string> items;  // of a whole variable that is present
    std::string what;                          // of others: "variable db/main", or why nothing is known
};

class Sources {
   public:
    virtual ~Sources() = default;
    virtual Found find(const Reference& reference) const = 0;
};

// `text` is whole when both lists are empty. At most kMaxNamed names each, in the order of the template.
struct Rendered {
    std::string text;
    std::vector<std::string> missing;  // Found::what of absent things that have no default
    std::vector<std::string> unknown;  // Found::what of those about which nothing is known
};

// invalid: the output is too long, or the template runs for too long.
Result<Rendered> render(const Program& program, const Sources& sources);

}  // namespace drover::templating
