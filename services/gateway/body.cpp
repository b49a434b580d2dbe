#include "gateway/body.hpp"

#include <algorithm>

namespace drover::gateway {

Result<Json> parse_json_body(const Call& call, const std::vector<std::string_view>& names) {
    if (call.body.empty()) return Json::object();
    Json body = Json::parse(call.body, nullptr, false);
    if (!body.is_object()) return fail(ErrorKind::invalid, "the body must be a JSON object or empty");
    for (const auto& item : body.items()) {
        if (std::find(names.begin(), names.end(), item.key()) != names.end()) continue;
        return fail(ErrorKind::invalid, "unknown member \"" + item.key() + "\" in the body");
    }
    return body;
}

Result<std::string> text_member(const Json& body, const char* name) {
    if (!body.contains(name)) return std::string();
    if (body[name].is_string()) return body[name].get<std::string>();
    return fail(ErrorKind::invalid, "the body's \"" + std::string(name) + "\" must be a text");
}

Result<bool> flag_member(const Json& body, const char* name) {
    if (!body.contains(name)) return false;
    if (body[name].is_boolean()) return body[name].get<bool>();
    return fail(ErrorKind::invalid, "the body's \"" + std::string(name) + "\" must be true or false");
}

}  // namespace drover::gateway
