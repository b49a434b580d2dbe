#include "jobspec/reader.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "base/nearest.hpp"
#include "base/units.hpp"

namespace drover::jobspec {

namespace {

// More than are shown, because they are sorted by place first.
constexpr std::size_t kMostCollected = 10 * kMaxProblems;

// The text of a scalar; complains of anything else.
const std::string* scalar(Context& context, const std::string& path, const Node& node, const FieldDoc& field) {
    if (node.kind == Node::Kind::scalar) return &node.text;
    const std::string wanted = "expected " + std::string(field.type);
    const char* is = node.kind == Node::Kind::map ? ", not a map" : node.kind == Node::Kind::list ? ", not a list" : "";
    context.complain(node.mark, path,
                     wanted + (*is != '\0' ? is : ", but there is no value; write one or remove the line"));
    return nullptr;
}

template <class T>
std::optional<T> whole(const std::string& text) {
    T value{};
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// Complains when `value` is outside of the field's bounds.
template <class T>
bool inside(Context& context, const std::string& path, const Node& node, const FieldDoc& field, T value) {
    const auto number = static_cast<long double>(value);
    if (number >= static_cast<long double>(field.min) && number <= static_cast<long double>(field.max)) return true;
    context.complain(node.mark, path, quoted(node.text) + " is out of bounds; " + bounds_text(field) + " is allowed");
    return false;
}

// "groups[0].name" becomes "groups[0]", then "groups", then "".
void shorten(std::string& path) {
    const std::size_t end = path.find_last_of(".[");
    path.resize(end == std::string::npos ? 0 : end);
}

}  // namespace

void Context::add(Mark mark, const std::string& path, std::string message, std::string nearest) {
    if (problems.size() >= kMostCollected) return;
    problems.push_back({"", mark.line, mark.column, path, std::move(message), std::move(nearest)});
}

void Context::complain(Mark mark, const std::string& path, std::string message, std::string nearest) {
    unreadable_.insert(path);
    add(mark, path, std::move(message), std::move(nearest));
}

void Context::complain(const std::string& path, std::string message, std::string nearest) {
    for (std::string around = path;; shorten(around)) {
        if (unreadable_.contains(around)) return;
        if (around.empty()) break;
    }
    if (refused_.insert(path).second) add(mark_of(path), path, std::move(message), std::move(nearest));
}

Mark Context::mark_of(std::string path) const {
    while (!marks_.contains(path) && !path.empty()) {
        shorten(path);
    }
    const auto found = marks_.find(path);
    return found == marks_.end() ? Mark{} : found->second;
}

std::string below(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
}

std::string below(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

std::string bounds_text(const FieldDoc& field) {
    const auto text = [&](std::int64_t n) {
        if (field.type == "duration") return to_string(Duration{n});
        if (field.type == "size") return to_string(Size{static_cast<std::uint64_t>(n)});
        return std::to_string(n);
    };
    if (field.max == std::numeric_limits<std::int64_t>::max()) return "";
    return text(field.min) + " to " + text(field.max);
}

void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::string& to) {
    const std::string* text = scalar(context, path, node, field);
    if (text == nullptr) return;
    if (text->find('\0') != std::string::npos) return context.complain(node.mark, path, "may not hold a NUL character");
    to = *text;
}

void read_counts(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
                 std::map<std::string, std::uint64_t>& to) {
    if (!is_map(context, path, node)) return;
    for (const Entry& entry : node.entries) {
        const std::string at = below(path, entry.key);
        context.stood(at, entry.value.mark);
        std::uint32_t count = 0;
        read(context, at, entry.value, field, count);
        to[entry.key] = count;
    }
}

void read_mode(Context& context, const std::string& path, const Node& node, std::uint32_t& to) {
    std::uint32_t mode = 0;
    const auto [end, code] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), mode, 8);
    const bool whole_text = code == std::errc{} && end == node.text.data() + node.text.size();
    if (node.kind != Node::Kind::scalar || !whole_text || mode > 0777) {
        return context.complain(node.mark, path, "expected permissions in octal, for example \"0644\"");
    }
    to = mode;
}

void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, bool& to) {
    const std::string* text = scalar(context, path, node, field);
    if (text == nullptr) return;
    if (*text != "true" && *text != "false") {
        return context.complain(node.mark, path, quoted(*text) + " is neither true nor false");
    }
    to = *text == "true";
}

void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::uint32_t& to) {
    const std::string* text = scalar(context, path, node, field);
    if (text == nullptr) return;
    const auto value = whole<std::int64_t>(*text);
    if (!value) return context.complain(node.mark, path, quoted(*text) + " is no whole number");
    if (inside(context, path, node, field, *value)) to = static_cast<std::uint32_t>(*value);
}

void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::uint64_t& to) {
    const std::string* text = scalar(context, path, node, field);
    if (text == nullptr) return;
    const auto size = parse_size(*text);
    if (!size) return context.complain(node.mark, path, size.error().message);
    if (inside(context, path, node, field, size->bytes)) to = size->bytes;
}

void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, double& to) {
    const std::string* text = scalar(context, path, node, field);
    if (text == nullptr) return;
    const auto value = whole<double>(*text);
    if (!value || !std::isfinite(*value)) return context.complain(node.mark, path, quoted(*text) + " is no number");
    if (inside(context, path, node, field, *value)) to = *value;
}

void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, Duration& to) {
    const std::string* text = scalar(context, path, node, field);
    if (text == nullptr) return;
    const auto duration = parse_duration(*text);
    if (!duration) return context.complain(node.mark, path, duration.error().message);
    if (inside(context, path, node, field, duration->ns)) to = *duration;
}

void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
          std::map<std::string, std::string>& to) {
    if (!is_map(context, path, node)) return;
    for (const Entry& entry : node.entries) {
        const std::string at = below(path, entry.key);
        if (entry.key.empty() || entry.key.find_first_of(std::string("=\0", 2)) != std::string::npos) {
            context.complain(entry.mark, at, "is no name for a variable; it may not be empty or hold =");
            continue;
        }
        FieldDoc value = field;
        value.type = "text";
        read(context, at, entry.value, value, to[entry.key]);
    }
}

void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
          std::map<std::string, wire::Condition>& to) {
    if (!is_map(context, path, node)) return;
    for (const Entry& entry : node.entries) {
        const std::string at = below(path, entry.key);
        context.stood(at, entry.value.mark);
        read(context, at, entry.value, field, to[entry.key]);
    }
}

void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
          std::vector<std::string>& to) {
    if (node.kind != Node::Kind::list)
        return context.complain(node.mark, path, "expected a " + std::string(field.type));
    for (const Node& item : node.items) {
        FieldDoc value = field;
        value.type = "text";
        const std::string at = below(path, to.size());
        read(context, at, item, value, to.emplace_back());
    }
}

void read_word(Context& context, const std::string& path, const Node& node, const std::vector<std::string_view>& words,
               std::size_t& to) {
    std::string list;
    for (const std::string_view word : words) list += (list.empty() ? "" : " or ") + std::string(word);
    const FieldDoc field{.name = {}, .type = list, .fallback = {}, .doc = {}, .example = {}, .block = {}};
    const std::string* text = scalar(context, path, node, field);
    if (text == nullptr) return;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == *text) {
            to = i;
            return;
        }
    }
    context.complain(node.mark, path, quoted(*text) + " is not one of " + list, nearest(*text, words));
}

namespace {

// What text without quotes means: a number or a truth value where it reads as one.
wire::Value plain(const std::string& text) {
    if (text == "true" || text == "false") return {text == "true"};
    if (text.find_first_not_of("+-.0123456789eE") != std::string::npos) return {text};
    if (const auto integer = whole<std::int64_t>(text)) return {*integer};
    if (text.find_first_of(".eE") == std::string::npos) return {text};
    if (const auto real = whole<double>(text)) return {*real};
    return {text};
}

}  // namespace

wire::Value any_value(Context& context, const std::string& path, const Node& node) {
    context.stood(path, node.mark);
    wire::Value value;
    if (node.kind == Node::Kind::map && is_map(context, path, node)) {
        wire::Value::Map map;
        for (const Entry& e : node.entries) map[e.key] = any_value(context, below(path, e.key), e.value);
        value.data = std::move(map);
    } else if (node.kind == Node::Kind::list) {
        wire::Value::List list;
        for (const Node& item : node.items) list.push_back(any_value(context, below(path, list.size()), item));
        value.data = std::move(list);
    } else if (node.kind == Node::Kind::scalar) {
        if (node.text.find('\0') != std::string::npos)
            context.complain(node.mark, path, "may not hold a NUL character");
        value.data = node.text;
        if (!node.quoted) value = plain(node.text);
    }
    return value;
}

bool is_map(Context& context, const std::string& path, const Node& node) {
    if (node.kind == Node::Kind::null) return true;
    if (node.kind != Node::Kind::map) {
        context.complain(node.mark, path, "expected fields, as in name: value");
        return false;
    }
    std::set<std::string_view> seen;
    for (const Entry& entry : node.entries) {
        if (!seen.insert(entry.key).second) {
            context.complain(entry.mark, below(path, entry.key), "is given twice; keep one");
        }
    }
    return true;
}

}  // namespace drover::jobspec
