#include "templating/functions.hpp"

#include <array>
#include <vector>

#include "base/nearest.hpp"

namespace drover::templating {
namespace {

constexpr std::size_t kMany = 16;

constexpr Function reader(std::string_view name, Source source, std::size_t count, std::string_view usage) {
    return {name, true, source, Call::either, count, count, usage};
}

constexpr Function caller(std::string_view name, Call call, std::size_t least, std::size_t most,
                          std::string_view usage) {
    return {name, false, Source::variable, call, least, most, usage};
}

constexpr std::array kFunctions = {
    reader("var", Source::variable, 2, R"(var "db/main" "password")"),
    reader("env", Source::env, 1, R"(env "HOME")"),
    reader("file", Source::file, 1, R"(file "/etc/motd")"),
    reader("attr", Source::attribute, 1, R"(attr "cpu.arch")"),
    reader("meta", Source::meta, 1, R"(meta "team")"),
    reader("node", Source::node, 1, R"(node "id" or node "name")"),
    caller("or", Call::either, 2, kMany, R"(or (env "PORT") "8080")"),
    caller("and", Call::both, 2, kMany, R"(and (env "A") (env "B"))"),
    caller("not", Call::negate, 1, 1, R"(not (env "A"))"),
    caller("eq", Call::equal, 2, 2, R"(eq (env "STAGE") "live")"),
    caller("ne", Call::differ, 2, 2, R"(ne (env "STAGE") "live")"),
    caller("toJSON", Call::json, 1, 1, R"(env "A" | toJSON)"),
    caller("toUpper", Call::upper, 1, 1, R"(env "A" | toUpper)"),
    caller("toLower", Call::lower, 1, 1, R"(env "A" | toLower)"),
    caller("trim", Call::trim, 1, 1, R"(file "/etc/hostname" | trim)"),
};

constexpr std::array<std::string_view, 4> kKeywords = {"if", "else", "end", "range"};

}  // namespace

std::span<const Function> functions() { return kFunctions; }

const Function* find_function(std::string_view name) {
    for (const Function& function : kFunctions) {
        if (function.name == name) return &function;
    }
    return nullptr;
}

std::string nearest_function(std::string_view name) {
    std::vector<std::string_view> names(kKeywords.begin(), kKeywords.end());
    for (const Function& function : kFunctions) names.push_back(function.name);
    return nearest(name, names);
}

std::string to_json(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += {'\\', 'u', '0', '0', kHex[byte >> 4U], kHex[byte & 15U]};
        } else {
            out += c;
        }
    }
    return out += '"';
}

std::string to_upper(std::string text) {
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
}

std::string to_lower(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}

std::string trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

}  // namespace drover::templating
