// What a template may call.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace drover::templating {

enum class Source { variable, env, file, attribute, meta, node };

enum class Call { either, both, negate, equal, differ, json, upper, lower, trim };

struct Function {
    std::string_view name;
    bool reads = false;  // then `source` counts, and every argument is a text in quotes; otherwise `call`
    Source source = Source::variable;
    Call call = Call::either;
    std::size_t least = 1;
    std::size_t most = 1;
    std::string_view usage;  // var "db/main" "password"
};

std::span<const Function> functions();
const Function* find_function(std::string_view name);
std::string nearest_function(std::string_view name);

// A JSON string, quotes included. Bytes that are not UTF-8 stay as they are.
std::string to_json(std::string_view text);
// Of ASCII letters.
std::string to_upper(std::string text);
std::string to_lower(std::string text);
std::string trimmed(std::string_view text);

inline constexpr std::string_view kSpace = " \t\r\n";

}  // namespace drover::templating
