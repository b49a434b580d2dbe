// The YAML file of a configuration: one flat map; internal to host, and the only user of yaml-cpp in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/config.hpp"

namespace drover::host {

struct FileValue {
    std::string name;
    int line = 0;  // from 1
    bool is_list = false;
    std::vector<std::string> texts;  // one, unless a list
};

// The file's entries in order. Errors begin with "file:line: ".
Result<std::vector<FileValue>> read_config_file(const std::string& path);
Result<std::vector<FileValue>> parse_config(std::string_view text, const std::string& path);

inline constexpr std::size_t kMaxConfigFile = 256 << 10;  // bytes

}  // namespace drover::host
