// /v1/variables: plain items can be read again, secret ones are sealed here and never shown.
#include "gateway/routes.hpp"
#include "gateway/views.hpp"
#include "secret/key_files.hpp"
#include "secret/seal.hpp"

namespace drover::gateway {
namespace {

std::string path_of(const Call& call) {
    std::string path;
    for (std::size_t i = 2; i < call.path.size(); ++i) path += (path.empty() ? "" : "/") + call.path[i];
    return path;
}

Result<Shared<wire::VariableDesired>> look_for(Backend& backend, const std::string& path) {
    return look<Shared<wire::VariableDesired>>(backend, [path](const Mirror& m, Instant) { return m.variable(path); });
}

// {"secret": "..."}: sealed for this variable and item.
Result<wire::VariableItem> seal_item(const Context& context, const std::string& path, const std::string& name,
                                     const std::string& value) {
    if (context.secrets_public_key_file.empty()) {
        return fail(ErrorKind::refused, "item \"" + name +
                                            "\" is secret, but this gateway has no key to seal it with; set its option "
                                            "secrets_public_key_file");
    }
    const auto key = secret::read_public_key(context.secrets_public_key_file);
    if (!key) return tl::unexpected(key.error());
    auto sealed = secret::seal(*key, path + " " + name, value);
    if (!sealed) return tl::unexpected(sealed.error());
    return wire::VariableItem{"", std::move(*sealed)};
}

Result<wire::VariableItem> read_item(const Context& context, const std::string& path, const std::string& name,
                                     const Json& item) {
    if (item.is_string()) return wire::VariableItem{item.get<std::string>(), ""};
    if (item.is_object() && item.size() == 1 && item.contains("secret") && item["secret"].is_string()) {
        return seal_item(context, path, name, item["secret"].get<std::string>());
    }
    return fail(ErrorKind::invalid,
                "item \"" + name + R"(" must be a text, or {"secret": "a text"} for one that nobody may read again)");
}

struct Body {
    wire::VariableDesired variable;
    bool keep = false;
};

Result<Body> read_body(const Context& context, const Call& call) {
    const Json json = Json::parse(call.body, nullptr, false);
    if (!json.is_object() || !json.contains("items") || !json["items"].is_object()) {
        return fail(ErrorKind::invalid,
                    R"(the body must be like {"items": {"user": "app", "password": {"secret": "..."}}})");
    }
    Body body;
    body.variable.path = path_of(call);
    for (const auto& member : json.items()) {
        if (member.key() == "items") continue;
        if (member.key() == "version" && member.value().is_number_unsigned()) {
            body.variable.version = member.value().get<std::uint64_t>();
        } else if (member.key() == "keep" && member.value().is_boolean()) {
            body.keep = member.value().get<bool>();
        } else {
            return fail(ErrorKind::invalid,
                        "the body may hold items, version (a number) and keep (true or false), not "
                        "such a \"" +
                            member.key() + "\"");
        }
    }
    for (const auto& item : json["items"].items()) {
        auto read = read_item(context, body.variable.path, item.key(), item.value());
        if (!read) return tl::unexpected(read.error());
        body.variable.items[item.key()] = std::move(*read);
    }
    return body;
}

// The items that were not given stay as they are; sealed ones can be passed on without being read.
Result<void> keep_others(const Context& context, wire::VariableDesired& variable) {
    auto present = look_for(context.backend, variable.path);
    if (!present) return tl::unexpected(present.error());
    if (!*present) return {};
    for (const auto& [name, item] : (*present)->items) variable.items.emplace(name, item);
    if (variable.version == 0) variable.version = (*present)->version;
    return {};
}

Reply unknown_variable(const std::string& path) {
    return error_reply(404, ErrorKind::not_found,
                       "there is no variable \"" + path + "\"; `drover var list` lists the variables there are");
}

}  // namespace

Reply put_variable(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    auto body = read_body(context, call);
    if (!body) return error_reply(body.error());
    if (body->keep) {
        if (auto kept = keep_others(context, body->variable); !kept) return error_reply(kept.error());
    }
    const std::string path = body->variable.path;
    wire::Request request;
    request.ask = wire::Ask::variable_put;
    request.variable = std::move(body->variable);
    auto answer = ask_for_change(context, call, std::move(request));
    if (!answer) return error_reply(answer.error());
    const std::uint64_t version = answer->index;
    context.backend.until(
        [path, version](const Mirror& m) {
            const auto variable = m.variable(path);
            return variable && variable->version >= version;
        },
        kSettle);
    return json_reply(Json{{"path", path}, {"version", version}});
}

Reply list_variables(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    using Variables = std::vector<Shared<wire::VariableDesired>>;
    auto variables = look<Variables>(context.backend, [](const Mirror& m, Instant) { return m.variables(); });
    if (!variables) return error_reply(variables.error());
    Json list = Json::array();
    for (const auto& variable : *variables) list.push_back(variable_view(*variable, false));
    return json_reply(Json{{"variables", std::move(list)}});
}

Reply show_variable(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    const std::string path = path_of(call);
    auto variable = look_for(context.backend, path);
    if (!variable) return error_reply(variable.error());
    return *variable ? json_reply(variable_view(**variable, true)) : unknown_variable(path);
}

Reply remove_variable(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    const std::string path = path_of(call);
    wire::Request request;
    request.ask = wire::Ask::variable_remove;
    request.path = path;
    auto answer = ask_for_change(context, call, std::move(request));
    if (!answer) return error_reply(answer.error());
    context.backend.until([path](const Mirror& m) { return !m.variable(path); }, kSettle);
    return json_reply(Json{{"path", path}, {"removed", true}});
}

}  // namespace drover::gateway
