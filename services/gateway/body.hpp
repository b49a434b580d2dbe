// The JSON object in the body of a call.
#pragma once

#include <string_view>
#include <vector>

#include "gateway/json.hpp"

namespace drover::gateway {

// An empty body is an empty object; members that are not among `names` are refused.
Result<Json> parse_json_body(const Call& call, const std::vector<std::string_view>& names);

// "" and false without.
Result<std::string> text_member(const Json& body, const char* name);
Result<bool> flag_member(const Json& body, const char* name);

}  // namespace drover::gateway
