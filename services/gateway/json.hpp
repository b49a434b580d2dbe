// Json: keeps members in the order they were written, so that answers read as the documentation does.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "http/call.hpp"

namespace drover::gateway {

using Json = nlohmann::ordered_json;

using http::Call;
using http::error_reply;
using http::Reply;
using http::Write;

// Bytes that are not UTF-8 (a task may put them into a message) become U+FFFD instead of an exception.
inline std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

inline Reply json_reply(const Json& json, int status = 200) { return {.status = status, .body = dump(json) + "\n"}; }

}  // namespace drover::gateway
