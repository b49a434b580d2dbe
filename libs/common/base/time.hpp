// Duration and Instant: 64-bit nanoseconds without the compile cost of <chrono>.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

namespace drover {

struct Duration {
    std::int64_t ns = 0;

    friend constexpr auto operator<=>(Duration, Duration) = default;
    friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
    friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
    friend constexpr Duration operator*(Duration a, std::int64_t k) { return {a.ns * k}; }
    friend constexpr Duration operator/(Duration a, std::int64_t k) { return {a.ns / k}; }

    constexpr std::int64_t ms() const { return ns / 1'000'000; }
};

constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }
constexpr Duration minutes(std::int64_t n) { return seconds(n * 60); }
constexpr Duration hours(std::int64_t n) { return seconds(n * 3600); }

// Nanoseconds since the Unix epoch. Within one process an Instant never goes backwards and ignores steps of the wall
// clock: the wall time is read once at start and monotonic time is added to it (rt/loop.hpp).
struct Instant {
    std::int64_t ns = 0;

    friend constexpr auto operator<=>(Instant, Instant) = default;
    friend constexpr Instant operator+(Instant t, Duration d) { return {t.ns + d.ns}; }
    friend constexpr Instant operator-(Instant t, Duration d) { return {t.ns - d.ns}; }
    friend constexpr Duration operator-(Instant a, Instant b) { return {a.ns - b.ns}; }

    constexpr bool set() const { return ns != 0; }
};

inline constexpr Instant kNever{std::numeric_limits<std::int64_t>::max()};

// base * 2^attempt, never above `limit`; attempt counts from 0 and may be any number. The one back-off of the project.
Duration backoff(Duration base, std::uint64_t attempt, Duration limit);

// "350ms", "1.169s", "1m30s", "2h": as Nomad prints durations, without parts that are zero. Zero is "0s".
std::string to_string(Duration d);

// RFC 3339 in UTC with milliseconds, "2026-01-02T03:04:05.678Z".
std::string to_string(Instant t);

}  // namespace drover
