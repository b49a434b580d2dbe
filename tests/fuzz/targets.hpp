// The parsers that take bytes from outside, by name.
#pragma once

#include <string_view>
#include <vector>

namespace drover::fuzz {

struct Target {
    std::string_view name;                // of its folder in corpus/
    void (*run)(std::string_view bytes);  // ends the process where a parser breaks its promise
};

// What is fuzzed.
const std::vector<Target>& targets();

// One for each kind of message. They share one decoder, so they are fuzzed as the target "message", whose first byte
// chooses the kind by its place here; the seeds of each have a folder.
const std::vector<Target>& messages();

}  // namespace drover::fuzz
