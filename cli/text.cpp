#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace drover::cli {
namespace {

// Columns on the screen: colour sequences take none, and of UTF-8 only first bytes do.
std::size_t width(std::string_view text) {
    std::size_t columns = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\x1b') {
            i = std::min(text.find('m', i), text.size());
        } else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
            ++columns;
        }
    }
    return columns;
}

std::tm local(Instant when) {
    const std::time_t seconds_of = when.ns / 1'000'000'000;
    std::tm out{};
    ::localtime_r(&seconds_of, &out);
    return out;
}

}  // namespace

std::string Table::text(std::string_view indent) const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
    }
    std::string out;
    for (const auto& row : rows_) {
        std::string line(indent);
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

Instant wall_clock() {
    std::timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return {now.tv_sec * 1'000'000'000 + now.tv_nsec};
}

std::string age(Instant then, Instant now) {
    if (!then.set()) return "-";
    const std::int64_t s = std::max<std::int64_t>(0, (now - then).ns / 1'000'000'000);
    if (s < 60) return std::to_string(s) + "s";
    if (s < 3600) return std::to_string(s / 60) + "m";
    if (s < 2 * 86400) return std::to_string(s / 3600) + "h";
    return std::to_string(s / 86400) + "d";
}

std::string clock(Instant when, Instant now) {
    if (!when.set()) return "-";
    const std::tm then = local(when), today = local(now);
    const bool same_day = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
    const std::string ms = std::to_string(1000 + when.ns / 1'000'000 % 1000);
    return std::string(text.data()) + "." + ms.substr(1);
}

std::string short_id(const std::string& id) { return id.substr(0, 8); }

std::string bytes(std::uint64_t count) {
    static constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    std::uint64_t tenths = count * 10;
    while (tenths >= 10240 && unit + 1 < kUnits.size()) {
        tenths /= 1024;
        ++unit;
    }
    std::string out = std::to_string(tenths / 10);
    if (tenths % 10 != 0 && tenths < 1000) out += "." + std::to_string(tenths % 10);
    return out + " " + kUnits[unit];
}

std::string printable(std::string_view text) {
    std::string out(text);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return out;
}

std::string paint(std::string_view text, Tone tone, bool colour) {
    static constexpr std::array kCodes = {"", "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m"};
    if (!colour || tone == Tone::plain) return std::string(text);
    return kCodes[static_cast<std::size_t>(tone)] + std::string(text) + "\x1b[0m";
}

Tone tone_of(std::string_view status) {
    if (status == "running" || status == "complete" || status == "ready") return Tone::good;
    if (status == "failed" || status == "lost" || status == "down") return Tone::bad;
    if (status == "pending" || status == "stopping") return Tone::busy;
    return Tone::plain;
}

}  // namespace drover::cli
