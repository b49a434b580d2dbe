#include "driver-manager/drivers/config.hpp"

#include <algorithm>

#include "base/nearest.hpp"
#include "base/units.hpp"

namespace drover::drivers {
namespace {

// "a number", in the order of Value's variant.
std::string kind_of(const wire::Value& value) {
    static constexpr const char* kKinds[] = {"empty",    "true or false", "a number", "a number",
                                             "a string", "a list",        "a map"};
    return kKinds[value.data.index()];
}

}  // namespace

std::string to_string(const ConfigProblem& problem) {
    std::string result = problem.field.empty() ? "config" : "config." + problem.field;
    result += " " + problem.message;
    if (!problem.nearest.empty()) result += "; did you mean " + problem.nearest + "?";
    return result;
}

ConfigReader::ConfigReader(const wire::Value::Map& config, std::span<const std::string_view> known, std::string path)
    : config_(config), path_(std::move(path)) {
    for (const auto& [key, value] : config)
        if (std::find(known.begin(), known.end(), key) == known.end())
            problems_.push_back({path_ + key, "is not a field of this driver", nearest(key, known)});
}

const wire::Value::Map* ConfigReader::find_map(std::string_view key) {
    const wire::Value* value = find(key);
    if (!value) return nullptr;
    const auto* map = std::get_if<wire::Value::Map>(&value->data);
    if (!map) problem(key, "must be a map, not " + kind_of(*value));
    return map;
}

const wire::Value* ConfigReader::find(std::string_view key) const {
    const auto it = config_.find(std::string(key));
    return it == config_.end() ? nullptr : &it->second;
}

std::string ConfigReader::as_text(const std::string& field, const wire::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value.data)) {
        if (text->find('\0') == std::string::npos) return *text;
        problem(field, "must not contain a NUL byte");
        return {};
    }
    const std::string kind = kind_of(value);
    const bool scalar = kind == "a number" || kind == "true or false";
    problem(field, "must be a string, not " + kind + (scalar ? "; put it in quotes" : ""));
    return {};
}

std::string ConfigReader::text(std::string_view key) {
    const wire::Value* value = find(key);
    return value ? as_text(std::string(key), *value) : std::string();
}

std::string ConfigReader::required_text(std::string_view key) {
    const std::size_t before = problems_.size();
    std::string result = text(key);
    if (result.empty() && problems_.size() == before) problem(key, "is required");
    return result;
}

std::vector<std::string> ConfigReader::texts(std::string_view key) {
    const wire::Value* value = find(key);
    if (!value) return {};
    const auto* list = std::get_if<wire::Value::List>(&value->data);
    if (!list) {
        problem(key, "must be a list of strings, not " + kind_of(*value));
        return {};
    }
    std::vector<std::string> result;
    for (std::size_t i = 0; i < list->size(); ++i)
        result.push_back(as_text(std::string(key) + "[" + std::to_string(i) + "]", (*list)[i]));
    return result;
}

bool ConfigReader::flag(std::string_view key) {
    const wire::Value* value = find(key);
    if (!value) return false;
    if (const bool* set = std::get_if<bool>(&value->data)) return *set;
    problem(key, "must be true or false, not " + kind_of(*value));
    return false;
}

std::int64_t ConfigReader::number(std::string_view key, std::int64_t lowest, std::int64_t highest) {
    const wire::Value* value = find(key);
    if (!value) return 0;
    const auto* number = std::get_if<std::int64_t>(&value->data);
    if (number && *number >= lowest && *number <= highest) return *number;
    problem(key, "must be a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest) +
                     (number ? ", not " + std::to_string(*number) : ", not " + kind_of(*value)));
    return 0;
}

Duration ConfigReader::duration(std::string_view key) {
    const wire::Value* value = find(key);
    if (!value) return {};
    if (const auto* text = std::get_if<std::string>(&value->data)) {
        if (const auto parsed = parse_duration(*text)) return *parsed;
    }
    problem(key, "must be a duration such as \"1m30s\"");
    return {};
}

}  // namespace drover::drivers
