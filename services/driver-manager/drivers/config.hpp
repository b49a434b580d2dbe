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
    // Keys of `config` that are not among `known` are problems. Both outlive the reader. `path` is that of a block
    // inside another: "auth.".
    ConfigReader(const wire::Value::Map& config, std::span<const std::string_view> known, std::string path = "");

    // Absent or wrong: the empty value; wrong is a problem, and so is absent for a `required` one.
    std::string text(std::string_view key);
    std::string required_text(std::string_view key);
    std::vector<std::string> texts(std::string_view key);
    bool flag(std::string_view key);
    std::int64_t number(std::string_view key, std::int64_t lowest, std::int64_t highest);
    Duration duration(std::string_view key);
    bool has(std::string_view key) const { return find(key) != nullptr; }
    // Reads the block at `key` by `read`, which gets a reader of its own; not when it is absent or no block.
    template <class Read>
    void block(std::string_view key, std::span<const std::string_view> known, Read read) {
        const wire::Value::Map* map = find_map(key);
        if (map == nullptr) return;
        ConfigReader inner(*map, known, path_ + std::string(key) + ".");
        read(inner);
        problems_.insert(problems_.end(), inner.problems_.begin(), inner.problems_.end());
    }

    void problem(std::string_view field, std::string message) {
        problems_.push_back({path_ + std::string(field), message, ""});
    }
    std::vector<ConfigProblem> problems() && { return std::move(problems_); }

   private:
    const wire::Value* find(std::string_view key) const;
    const wire::Value::Map* find_map(std::string_view key);
    // The value's text; a problem when it is something else.
    std::string as_text(const std::string& field, const wire::Value& value);

    const wire::Value::Map& config_;
    std::string path_;
    std::vector<ConfigProblem> problems_;
};

}  // namespace drover::drivers
