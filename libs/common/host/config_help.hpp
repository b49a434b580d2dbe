// The texts of --help and --print-config; internal to host.
#pragma once

#include <string>
#include <vector>

#include "host/config.hpp"

namespace drover::host {

// "--data-dir"
std::string flag_name(const std::string& option);

std::string help_text(const Program& program, const std::vector<Option>& options);

// A YAML file that reads back as this configuration; each value's origin is its comment.
std::string config_text(const Program& program, const std::vector<Option>& options,
                        const std::vector<std::string>& origins);

}  // namespace drover::host
