// The parsers that take bytes from outside, by name.
#pragma once

#include <string_view>
#include <vector>

namespace drover::fuzz {

struct Target {
    std::string_view name;                // of its folder in corpus/
    void (*run)(std::string_view bytes);  // ends the process where a parser breaks its promise
};

const std::vector<Target>& targets();

}  // namespace drover::fuzz
