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

struct Unit {
    std::int64_t ns;
    const char* name;
};

void append_whole(std::string& out, std::int64_t& ns, Unit unit) {
    if (ns < unit.ns) return;
    out += std::to_string(ns / unit.ns) + unit.name;
    ns %= unit.ns;
}

// With a fraction, without its trailing zeros: "1.25s".
void append_rest(std::string& out, std::int64_t ns, Unit unit) {
    out += std::to_string(ns / unit.ns);
    std::int64_t rest = ns % unit.ns;
    if (rest > 0) out += '.';
    for (std::int64_t digit = unit.ns / 10; rest > 0; digit /= 10) {
        out += static_cast<char>('0' + rest / digit);
        rest %= digit;
    }
    out += unit.name;
}

}  // namespace

std::string to_string(Duration d) {
    if (d.ns == 0) return "0s";
    std::string out = d.ns < 0 ? "-" : "";
    std::int64_t ns = d.ns < 0 ? -d.ns : d.ns;
    append_whole(out, ns, {hours(1).ns, "h"});
    append_whole(out, ns, {minutes(1).ns, "m"});
    if (ns == 0) return out;
    for (const Unit unit : {Unit{seconds(1).ns, "s"}, Unit{milliseconds(1).ns, "ms"}, Unit{microseconds(1).ns, "us"}}) {
        if (ns < unit.ns && d.ns < seconds(1).ns && d.ns > -seconds(1).ns) continue;
        append_rest(out, ns, unit);
        return out;
    }
    return out + std::to_string(ns) + "ns";
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
