// Json: members in the order they arrive.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace drover::cli {

using Json = nlohmann::ordered_json;

// For machines: one line. Bytes that are not UTF-8 become U+FFFD.
inline std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace drover::cli
