#include "driver-manager/docker/frames.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace drover::docker {

namespace {

constexpr std::size_t kHeader = 8;
constexpr std::size_t kMaxFrame = 1 << 20;  // the daemon cuts lines at 16 KiB
constexpr std::int64_t kSecond = 1'000'000'000;

std::uint32_t length_of(std::string_view header) {
    std::uint32_t length = 0;
    for (std::size_t i = 4; i < kHeader; ++i) length = length << 8U | static_cast<unsigned char>(header[i]);
    return length;
}

}  // namespace

std::int64_t parse_time(std::string_view text) {
    tm t{};
    int used = 0;
    const std::string whole(text.substr(0, 40));
    if (std::sscanf(whole.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
                    &t.tm_min, &t.tm_sec, &used) != 6)
        return 0;
    std::size_t at = static_cast<std::size_t>(used);
    std::int64_t fraction = 0;
    std::int64_t unit = kSecond;
    if (at < whole.size() && whole[at] == '.')
        for (++at; at < whole.size() && whole[at] >= '0' && whole[at] <= '9' && unit > 1; ++at)
            fraction += (whole[at] - '0') * (unit /= 10);
    if (whole.substr(at) != "Z" || t.tm_year < 1970 || t.tm_year > 2200) return 0;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    return static_cast<std::int64_t>(::timegm(&t)) * kSecond + fraction;
}

Frames::Frames(const Positions& positions, const std::array<std::uint64_t, 2>& ends, Take take)
    : take_(std::move(take)) {
    for (std::size_t i = 0; i < 2; ++i) {
        streams_[i].position = positions[i];
        streams_[i].skip = ends[i] > positions[i].offset ? ends[i] - positions[i].offset : 0;
    }
}

void Frames::restart() {
    left_.clear();
    for (Stream& stream : streams_) stream.seen = 0;
}

std::string Frames::since() const {
    // The two streams are written side by side, so a message may stand a little behind one that is younger.
    const std::int64_t time = std::max(streams_[0].position.time, streams_[1].position.time) - kSecond;
    if (time <= 0) return "0";
    char text[40];
    std::snprintf(text, sizeof text, "%lld.%09lld", static_cast<long long>(time / kSecond),
                  static_cast<long long>(time % kSecond));
    return text;
}

Result<void> Frames::feed(std::string_view bytes) {
    left_.append(bytes);
    std::string_view rest = left_;
    while (rest.size() >= kHeader) {
        const auto stream = static_cast<unsigned char>(rest[0]);
        const std::uint32_t length = length_of(rest);
        if (stream > 2 || length > kMaxFrame)
            return fail(ErrorKind::corrupt, "the docker daemon sends output that is not made of frames");
        if (rest.size() < kHeader + length) break;
        // Standard input does not come, but has a number.
        if (const auto taken = take_message(stream == 2 ? 1 : 0, rest.substr(kHeader, length)); !taken) return taken;
        rest.remove_prefix(kHeader + length);
    }
    left_.erase(0, left_.size() - rest.size());
    return {};
}

Result<void> Frames::take_message(int number, std::string_view message) {
    Stream& stream = streams_[number];
    const std::size_t blank = message.find(' ');
    const std::int64_t time = parse_time(message.substr(0, blank));
    if (blank == std::string_view::npos || time == 0)
        return fail(ErrorKind::corrupt, "the docker daemon sends output without its time");
    Position& at = stream.position;
    if (time < at.time) return {};
    if (time == at.time && ++stream.seen <= at.count) return {};
    message.remove_prefix(blank + 1);
    const std::size_t held = std::min<std::uint64_t>(stream.skip, message.size());
    stream.skip -= held;
    if (time > at.time) {
        at = {time, 0, at.offset};
        stream.seen = 1;
    }
    at.count += 1;
    if (stream.skip == 0 && held < message.size()) {
        at.offset = take_(number, time, message.substr(held));
    } else {
        at.offset += held;
    }
    return {};
}

}  // namespace drover::docker
