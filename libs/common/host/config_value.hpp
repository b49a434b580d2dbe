// How option values are written and read; internal to host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/config.hpp"

namespace drover::host {

// Sets the target from the text of a variable, a flag or a YAML scalar. Errors do not name the option.
Result<void> set_from_text(const Target& target, std::string_view text);

bool is_list(const Target& target);
bool is_bool(const Target& target);

// What stands in --help for the value: "TEXT", "DURATION", ...
const char* placeholder(const Target& target);

// As a person would write it: 15s, 64MiB, a,b.
std::string plain_text(const Target& target);

// As a YAML value that reads back the same.
std::string yaml_text(const Target& target);

}  // namespace drover::host
