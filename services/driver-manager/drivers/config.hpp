// Reading a driver's config block: every value is asked for by name and type, and whatever is wrong is collected, so
// that a user hears of all of it at once.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "wire/value.hpp"

namespace drover::drivers {

// One thing wrong. `field` is the path below config: "args[0]"; empty: the block itself.
struct ConfigProblem {
    std::string field;
    std::string message;  // one sentence without a full stop
    std::string nearest;  // the valid name that was probably meant, or empty

    friend bool operator==(const ConfigProblem&, const ConfigProblem&) = default;
};

// "config.args[0] must be a string, not a number"
std::string to_string(const ConfigProblem& problem);

class ConfigReader {
   public:
    // Keys of `config` that are not among `known` are problems. Both outlive the reader.
    ConfigReader(const wire::Value::Map& config, std::span<const std::string_view> known);

    // Absent or wrong: the empty value; wrong is a problem, and so is absent for a `required` one.
    std::string text(std::string_view key);
    std::string required_text(std::string_view key);
    std::vector<std::string> texts(std::string_view key);
    bool flag(std::string_view key);
    std::int64_t number(std::string_view key, std::int64_t lowest, std::int64_t highest);
    Duration duration(std::string_view key);

    void problem(std::string_view field, std::string message) {
        problems_.push_back({std::string(field), message, ""});
    }
    std::vector<ConfigProblem> problems() && { return std::move(problems_); }

   private:
    const wire::Value* find(std::string_view key) const;
    // The value's text; a problem when it is something else.
    std::string as_text(const std::string& field, const wire::Value& value);

    const wire::Value::Map& config_;
    std::vector<ConfigProblem> problems_;
};

}  // namespace drover::drivers
