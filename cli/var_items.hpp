// Items of variables as the command line takes them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/json.hpp"

namespace drover::cli {

// Reads a file, "-" for standard input.
using ReadText = std::function<Result<std::string>(const std::string& path)>;
Result<std::string> read_text(const std::string& path);

// The body's items of "NAME=VALUE" in `plain` and "NAME=@FILE" or "NAME=-" in `secrets`. One newline at the end of a
// file or of standard input is taken off. Errors never hold a part of a secret's value.
Result<Json> read_items(const std::vector<std::string>& plain, const std::vector<std::string>& secrets,
                        const ReadText& read);

}  // namespace drover::cli
