// Topics: "v1/<stream>/<key>/", ASCII, every level ends with '/' because SUB matches prefixes ("job1" must not match
// "job10"), at most 200 bytes (libzmq 4.3.4 mis-encodes subscriptions of 246 to 255).
#pragma once

#include <string>
#include <string_view>

namespace drover::bus {

inline constexpr std::size_t kMaxTopic = 200;

bool valid_topic(std::string_view topic);

// Characters outside [A-Za-z0-9_.-] of the key's levels are percent-encoded.
std::string live_topic(std::string_view stream, std::string_view key);

// Whether a subscription to `subscribed` hears any topic that begins with `prefix`.
bool overlaps(std::string_view subscribed, std::string_view prefix);

// `prefix` with a '/' at its end matches every stream below it, without one that stream alone.
bool stream_matches(std::string_view stream, std::string_view prefix);

}  // namespace drover::bus
