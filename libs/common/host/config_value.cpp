#include "host/config_value.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace drover::host {

namespace {

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

tl::unexpected<Error> no(const char* what, std::string_view text, const char* example) {
    return fail(ErrorKind::invalid, "\"" + std::string(text) + "\" is no " + what + "; write for example " + example);
}

template <class T>
Result<void> set_number(T& to, std::string_view text, const char* what, const char* example) {
    T value{};
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size()) return no(what, text, example);
    to = value;
    return {};
}

Result<void> set_bool(bool& to, std::string_view text) {
    if (text != "true" && text != "false") {
        return fail(ErrorKind::invalid, "\"" + std::string(text) + "\" is neither true nor false");
    }
    to = text == "true";
    return {};
}

template <class T>
Result<void> assign(T& to, Result<T> value) {
    if (!value) return tl::unexpected(value.error());
    to = *value;
    return {};
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        if (comma != 0) parts.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
    }
    return parts;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
    return out;
}

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./@+-:").find(c) != std::string_view::npos;
}

std::string quoted(const std::string& text) {
    bool plain = !text.empty() && text != "null" && text.back() != ':' && text.front() != '-' && text.front() != ':' &&
                 text.front() != '@';
    std::string out = "\"";
    for (const char c : text) {
        plain = plain && is_plain(c);
        if (static_cast<unsigned char>(c) < ' ') {
            std::array<char, 8> code{};
            std::snprintf(code.data(), code.size(), "\\x%02x", static_cast<unsigned>(c));
            out += code.data();
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return plain ? text : out + "\"";
}

}  // namespace

Result<void> set_from_text(const Target& target, std::string_view text) {
    return std::visit(Overloaded{
                          [&](std::string* to) -> Result<void> {
                              *to = text;
                              return {};
                          },
                          [&](bool* to) { return set_bool(*to, text); },
                          [&](std::int64_t* to) { return set_number(*to, text, "whole number", "42"); },
                          [&](double* to) { return set_number(*to, text, "number", "0.5"); },
                          [&](Duration* to) { return assign(*to, parse_duration(text)); },
                          [&](Size* to) { return assign(*to, parse_size(text)); },
                          [&](std::vector<std::string>* to) -> Result<void> {
                              *to = split(text);
                              return {};
                          },
                      },
                      target);
}

bool is_list(const Target& target) { return std::holds_alternative<std::vector<std::string>*>(target); }
bool is_bool(const Target& target) { return std::holds_alternative<bool*>(target); }

const char* placeholder(const Target& target) {
    constexpr std::array<const char*, std::variant_size_v<Target>> words = {"TEXT",     "true|false", "N",  "NUMBER",
                                                                            "DURATION", "SIZE",       "A,B"};
    return words[target.index()];
}

std::string plain_text(const Target& target) {
    return std::visit(Overloaded{
                          [](const std::string* v) { return *v; },
                          [](const bool* v) { return std::string(*v ? "true" : "false"); },
                          [](const std::int64_t* v) { return std::to_string(*v); },
                          [](const double* v) {
                              std::array<char, 32> text{};
                              std::snprintf(text.data(), text.size(), "%.15g", *v);
                              return std::string(text.data());
                          },
                          [](const Duration* v) { return to_string(*v); },
                          [](const Size* v) { return to_string(*v); },
                          [](const std::vector<std::string>* v) { return joined(*v); },
                      },
                      target);
}

std::string yaml_text(const Target& target) {
    if (!is_list(target)) return quoted(plain_text(target));
    std::string out;
    for (const std::string& part : *std::get<std::vector<std::string>*>(target)) {
        out += (out.empty() ? "" : ", ") + quoted(part);
    }
    return "[" + out + "]";
}

}  // namespace drover::host
