#include "base/units.hpp"

#include <array>
#include <ctime>
#include <limits>
#include <optional>

namespace drover {

namespace {

struct Factor {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Factor, 8> kDurationUnits = {{{"d", 86'400'000'000'000},
                                                   {"h", 3'600'000'000'000},
                                                   {"m", 60'000'000'000},
                                                   {"s", 1'000'000'000},
                                                   {"ms", 1'000'000},
                                                   {"us", 1'000},
                                                   {"\xc2\xb5s", 1'000},
                                                   {"ns", 1}}};

constexpr std::uint64_t kKi = 1024;
constexpr std::uint64_t kMi = kKi * 1024;
constexpr std::uint64_t kGi = kMi * 1024;
constexpr std::uint64_t kTi = kGi * 1024;

// to_string takes the first that divides, so the binary units come first, the largest first.
constexpr std::array<Factor, 14> kSizeUnits = {{{"TiB", kTi},
                                                {"GiB", kGi},
                                                {"MiB", kMi},
                                                {"KiB", kKi},
                                                {"TB", 1'000'000'000'000},
                                                {"GB", 1'000'000'000},
                                                {"MB", 1'000'000},
                                                {"kB", 1'000},
                                                {"T", kTi},
                                                {"G", kGi},
                                                {"M", kMi},
                                                {"K", kKi},
                                                {"B", 1},
                                                {"", 1}}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

template <std::size_t N>
std::optional<std::uint64_t> factor_of(const std::array<Factor, N>& units, std::string_view name) {
    for (const Factor& unit : units) {
        if (same_word(unit.name, name)) return unit.factor;
    }
    return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A decimal number at the front of a text. Fractions keep nine digits.
struct Number {
    std::uint64_t whole = 0;
    std::uint64_t fraction = 0;  // of 10^9
};

constexpr std::uint64_t kBillion = 1'000'000'000;

std::optional<Number> take_number(std::string_view& text) {
    Number n;
    std::size_t i = 0;
    for (; i < text.size() && is_digit(text[i]); ++i) {
        if (n.whole > std::numeric_limits<std::uint64_t>::max() / 10 - 1) return std::nullopt;
        n.whole = n.whole * 10 + static_cast<std::uint64_t>(text[i] - '0');
    }
    if (i == 0) return std::nullopt;
    if (i < text.size() && text[i] == '.') {
        const std::size_t first = ++i;
        std::uint64_t scale = kBillion;
        for (; i < text.size() && is_digit(text[i]); ++i) {
            scale /= 10;
            n.fraction += scale * static_cast<std::uint64_t>(text[i] - '0');
        }
        if (i == first) return std::nullopt;
    }
    text.remove_prefix(i);
    return n;
}

std::string_view take_unit(std::string_view& text) {
    std::size_t i = 0;
    while (i < text.size() && !is_digit(text[i]) && text[i] != '.') ++i;
    const std::string_view unit = text.substr(0, i);
    text.remove_prefix(i);
    return unit;
}

// number * factor + sum, or nothing above `limit`.
std::optional<std::uint64_t> scaled(Number n, std::uint64_t factor, std::uint64_t sum, std::uint64_t limit) {
    const auto value = static_cast<unsigned __int128>(n.whole) * factor +
                       static_cast<unsigned __int128>(n.fraction) * factor / kBillion + sum;
    if (value > limit) return std::nullopt;
    return static_cast<std::uint64_t>(value);
}

constexpr auto kMaxSigned = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

tl::unexpected<Error> no_duration(std::string_view text) {
    return fail(ErrorKind::invalid,
                "\"" + std::string(text) + "\" is no duration; write for example 15s, 250ms or 1h30m");
}

tl::unexpected<Error> no_size(std::string_view text) {
    return fail(ErrorKind::invalid, "\"" + std::string(text) + "\" is no size; write for example 64MiB, 10MB or 4096");
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    if (text == "0") return Duration{};
    std::string_view rest = text;
    std::uint64_t sum = 0;
    std::uint64_t last_factor = std::numeric_limits<std::uint64_t>::max();
    while (!rest.empty()) {
        const auto number = take_number(rest);
        if (!number) return no_duration(text);
        const auto factor = factor_of(kDurationUnits, take_unit(rest));
        if (!factor || *factor >= last_factor) return no_duration(text);
        last_factor = *factor;
        const auto value = scaled(*number, *factor, sum, kMaxSigned);
        if (!value) return fail(ErrorKind::invalid, "\"" + std::string(text) + "\" is longer than 292 years");
        sum = *value;
    }
    if (text.empty()) return no_duration(text);
    return Duration{static_cast<std::int64_t>(sum)};
}

Result<Instant> parse_instant(std::string_view text) {
    const auto no_instant = fail(ErrorKind::invalid, "\"" + std::string(text) +
                                                         "\" is no point in time; write for example "
                                                         "2026-11-30T12:00:00Z or 2026-11-30T13:00:00+01:00");
    constexpr std::string_view kShape = "0000-00-00T00:00:00";
    if (text.size() <= kShape.size()) return no_instant;
    for (std::size_t i = 0; i < kShape.size(); ++i) {
        if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != kShape[i]) return no_instant;
    }
    const auto number = [&](std::size_t at, std::size_t length) {
        int value = 0;
        for (const char digit : text.substr(at, length)) value = value * 10 + (digit - '0');
        return value;
    };
    std::tm parts{};
    parts.tm_year = number(0, 4) - 1900;
    parts.tm_mon = number(5, 2) - 1;
    parts.tm_mday = number(8, 2);
    parts.tm_hour = number(11, 2);
    parts.tm_min = number(14, 2);
    parts.tm_sec = number(17, 2);
    std::tm normal = parts;
    std::int64_t seconds_since = ::timegm(&normal);
    // A date that does not exist becomes another one.
    if (normal.tm_mday != parts.tm_mday || normal.tm_mon != parts.tm_mon || normal.tm_hour != parts.tm_hour ||
        normal.tm_min != parts.tm_min || normal.tm_sec != parts.tm_sec) {
        return no_instant;
    }
    std::string_view rest = text.substr(kShape.size());
    std::uint64_t fraction = 0;
    if (rest.front() == '.') {
        std::string padded = "0" + std::string(rest);
        std::string_view digits = padded;
        const auto parsed = take_number(digits);
        if (!parsed) return no_instant;
        fraction = parsed->fraction;
        rest.remove_prefix(padded.size() - digits.size() - 1);
    }
    if (rest != "Z") {
        const bool shaped = rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' &&
                            is_digit(rest[1]) && is_digit(rest[2]) && is_digit(rest[4]) && is_digit(rest[5]);
        if (!shaped) return no_instant;
        const std::size_t at = text.size() - rest.size();
        const int offset = number(at + 1, 2) * 3600 + number(at + 4, 2) * 60;
        seconds_since += rest[0] == '+' ? -offset : offset;
    }
    if (seconds_since < 0 || seconds_since >= kNever.ns / seconds(1).ns) return no_instant;
    return Instant{seconds_since * seconds(1).ns + static_cast<std::int64_t>(fraction)};
}

Result<Size> parse_size(std::string_view text) {
    std::string_view rest = text;
    const auto number = take_number(rest);
    if (!number) return no_size(text);
    const auto factor = factor_of(kSizeUnits, rest);
    if (!factor) return no_size(text);
    const auto bytes = scaled(*number, *factor, 0, kMaxSigned);
    if (!bytes) return fail(ErrorKind::invalid, "\"" + std::string(text) + "\" is more than 8 EiB");
    return Size{*bytes};
}

std::string to_string(Size size) {
    for (const Factor& unit : kSizeUnits) {
        if (size.bytes != 0 && unit.factor > 1 && size.bytes % unit.factor == 0) {
            return std::to_string(size.bytes / unit.factor) + std::string(unit.name);
        }
    }
    return std::to_string(size.bytes);
}

}  // namespace drover
