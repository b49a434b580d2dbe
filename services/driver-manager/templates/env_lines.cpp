#include "driver-manager/templates/env_lines.hpp"

#include <algorithm>
#include <optional>

namespace drover::templates {
namespace {

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool is_name(std::string_view name) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
               c == '-';
    };
    return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), good);
}

std::optional<std::string> value_of(std::string_view text) {
    const char quote = text.empty() ? '\0' : text.front();
    if (quote != '"' && quote != '\'') return std::string(text);
    if (text.size() < 2 || text.back() != quote) return std::nullopt;
    text = text.substr(1, text.size() - 2);
    if (quote == '\'') return std::string(text);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        constexpr std::string_view kFrom = "nt\"\\", kTo = "\n\t\"\\";
        const std::size_t which =
            text[i] == '\\' && i + 1 < text.size() ? kFrom.find(text[i + 1]) : std::string_view::npos;
        out += which == std::string_view::npos ? text[i] : kTo[which];
        if (which != std::string_view::npos) ++i;
    }
    return out;
}

}  // namespace

Result<std::map<std::string, std::string>> parse_env(std::string_view text) {
    std::map<std::string, std::string> out;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#') continue;
        if (line.starts_with("export ")) line = trim(line.substr(7));
        const std::size_t equals = line.find('=');
        const std::string_view name = trim(line.substr(0, equals));
        const auto value = equals == std::string_view::npos ? std::nullopt : value_of(trim(line.substr(equals + 1)));
        if (!value || !is_name(name) || value->find('\0') != std::string::npos) {
            return fail(ErrorKind::invalid, "line " + std::to_string(number) + " is not NAME=value");
        }
        out[std::string(name)] = *value;
    }
    return out;
}

}  // namespace drover::templates
