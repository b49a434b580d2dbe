// Completion scripts, from the tree of verbs.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace drover::cli {

// `shell` is "bash" or "zsh".
std::string completion(const CLI::App& root, const std::string& shell);

}  // namespace drover::cli
