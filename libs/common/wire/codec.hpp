// Bounded MessagePack for every message: a map keyed by field name. Decoding expects the declared order first, skips
// unknown keys, keeps defaults for missing ones, and refuses wrong types, enum words it does not know, duplicate keys,
// too deep or too long input and trailing bytes, each with the path of the field.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace drover::wire {

// Largest accepted input in bytes; senders keep to 32 KiB of records.
inline constexpr std::size_t kMaxMessage = 1 << 20;

// Defined for the types in messages.hpp.
template <class T>
std::string encode(const T& message);
template <class T>
Result<T> decode(std::string_view bytes);

// Any MessagePack as JSON, without a schema; for monitors, the gateway and the CLI.
Result<std::string> to_json(std::string_view bytes);
template <class T>
std::string to_json(const T& message) {
    return to_json(std::string_view(encode(message))).value_or("null");
}

}  // namespace drover::wire
