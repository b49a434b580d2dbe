#include "base/time.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace drover {

Duration backoff(Duration base, std::uint64_t attempt, Duration limit) {
    Duration d = base;
    for (std::uint64_t i = 0; i < attempt && d < limit; ++i) {
        if (d.ns > limit.ns / 2) return limit;
        d = d * 2;
    }
    return d < limit ? d : limit;
}

namespace {

void append_part(std::string& out, std::int64_t& ns, std::int64_t unit, const char* name) {
    if (ns < unit) return;
    out += std::to_string(ns / unit) + name;
    ns %= unit;
}

}  // namespace

std::string to_string(Duration d) {
    if (d.ns == 0) return "0s";
    std::string out = d.ns < 0 ? "-" : "";
    std::int64_t ns = d.ns < 0 ? -d.ns : d.ns;
    append_part(out, ns, hours(1).ns, "h");
    append_part(out, ns, minutes(1).ns, "m");
    append_part(out, ns, seconds(1).ns, "s");
    append_part(out, ns, milliseconds(1).ns, "ms");
    append_part(out, ns, microseconds(1).ns, "us");
    append_part(out, ns, 1, "ns");
    return out;
}

std::string to_string(Instant t) {
    const std::time_t s = static_cast<std::time_t>(t.ns / 1'000'000'000);
    std::tm tm{};
    gmtime_r(&s, &tm);
    std::array<char, 64> buf{};
    const std::size_t n = std::strftime(buf.data(), buf.size(), "%Y-%m-%dT%H:%M:%S", &tm);
    std::snprintf(buf.data() + n, buf.size() - n, ".%03dZ", static_cast<int>(t.ns / 1'000'000 % 1000));
    return buf.data();
}

}  // namespace drover
