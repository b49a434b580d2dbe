#include "bus/topic.hpp"

#include <algorithm>

namespace drover::bus {

namespace {

bool plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
}

}  // namespace

bool valid_topic(std::string_view topic) {
    return topic.size() <= kMaxTopic && topic.starts_with("v1/") && topic.ends_with('/') &&
           std::all_of(topic.begin(), topic.end(), [](char c) { return plain(c) || c == '/' || c == '%'; });
}

std::string live_topic(std::string_view stream, std::string_view key) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out = "v1/" + std::string(stream) + "/";
    for (const char c : key) {
        if (plain(c) || c == '/') {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        }
    }
    out += '/';
    return out;
}

bool stream_matches(std::string_view stream, std::string_view prefix) {
    return prefix.ends_with('/') ? stream.starts_with(prefix) : stream == prefix;
}

bool overlaps(std::string_view subscribed, std::string_view prefix) {
    return subscribed.starts_with(prefix) || prefix.starts_with(subscribed);
}

}  // namespace drover::bus
