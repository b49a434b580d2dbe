// Log lines on stderr: time, level, program, what happened, key=value pairs. One line per state transition.
//
//   log::info("task running", {{"alloc", id}, {"task", name}, {"pid", pid}});
//   2026-11-24T05:06:07.890Z info drover-driver-manager: task running alloc=4f1c task=server pid=4711
//
// Never blocks for long: when nobody reads stderr, lines are dropped and counted, and the count is logged once somebody
// does. Usable before log::setup and from any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace drover::log {

enum class Level { debug, info, warn, error };

const char* to_string(Level level);
Result<Level> parse_level(std::string_view word);

struct Field {
    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const std::string& v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(v) {}
    Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
    Field(std::string_view k, std::integral auto v) : key(k), value(std::to_string(v)) {}
    Field(std::string_view k, double v);
    Field(std::string_view k, Duration v) : key(k), value(drover::to_string(v)) {}
    Field(std::string_view k, Instant v) : key(k), value(drover::to_string(v)) {}
    Field(std::string_view k, const Error& e) : key(k), value(e.message) {}

    std::string_view key;
    std::string value;
};

using Fields = std::initializer_list<Field>;

// `program` appears in every line. Lines below `level` are not made.
void setup(std::string_view program, Level level);

bool enabled(Level level);
void write(Level level, std::string_view message, Fields fields);

inline void debug(std::string_view message, Fields fields = {}) { write(Level::debug, message, fields); }
inline void info(std::string_view message, Fields fields = {}) { write(Level::info, message, fields); }
inline void warn(std::string_view message, Fields fields = {}) { write(Level::warn, message, fields); }
inline void error(std::string_view message, Fields fields = {}) { write(Level::error, message, fields); }

// The text after the program's name, as a line holds it: values with blanks, quotes or control bytes are quoted.
std::string format(std::string_view message, Fields fields);

}  // namespace drover::log
