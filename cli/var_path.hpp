// Where a variable is in the API.
#pragma once

#include <algorithm>
#include <string>

#include "cli/client.hpp"

namespace drover::cli {

// "/v1/variables/db/main": the slashes of the path stay.
inline std::string variable_path(const std::string& path) {
    std::string out = "/v1/variables";
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        out += "/" + encode_segment(std::string_view(path).substr(at, end - at));
        at = end + 1;
    }
    return out;
}

}  // namespace drover::cli
