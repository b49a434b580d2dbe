// Durations, points in time and sizes as people write them, for job files, configuration and the command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace drover {

struct Size {
    std::uint64_t bytes = 0;

    friend constexpr auto operator<=>(Size, Size) = default;
};

// "15s", "250ms", "1h30m", "1.5s", "0". Units: d h m s ms us ns; a number other than 0 needs one. Never negative.
Result<Duration> parse_duration(std::string_view text);

// RFC 3339 between 1970 and 2262: "2026-11-30T12:00:00Z", "2026-11-30T13:00:00.5+01:00".
Result<Instant> parse_instant(std::string_view text);

// "64MiB", "10MB", "512k", "1.5GiB", "4096". KiB MiB GiB TiB and the bare letters K M G T are powers of 1024; kB MB GB
// TB are powers of 1000; a plain number is bytes. Case does not matter.
Result<Size> parse_size(std::string_view text);

// The shortest text that parse_size reads as the same number: "64MiB", "10MB", "4097".
std::string to_string(Size size);

}  // namespace drover
