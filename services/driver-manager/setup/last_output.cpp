#include "driver-manager/setup/last_output.hpp"

#include <algorithm>
#include <cstddef>

namespace drover::setup {

namespace {

constexpr std::size_t kMaxLines = 20;
constexpr std::size_t kMaxBytes = 4096;

// How many bytes the well-formed character at the beginning of `text` has; 0: there is none.
std::size_t character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4) return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((byte(i) & 0xC0) != 0x80) return 0;
    // Overlong ones, surrogates, and what is beyond Unicode.
    const unsigned second = byte(1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
    return size;
}

std::string valid(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t size = character(text);
        const bool keep = size > 1 || (size == 1 && (text[0] == '\n' || text[0] == '\t' ||
                                                     (static_cast<unsigned char>(text[0]) >= 0x20 && text[0] != 0x7f)));
        if (keep) {
            out.append(text.substr(0, size));
        } else if (text[0] != '\r') {
            out += '?';
        }
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return out;
}

// The end of `text`, at most so many lines and bytes; a single line too long for that loses its beginning.
std::string_view tail(std::string_view text, std::size_t lines, std::size_t bytes) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    std::size_t begin = text.size();
    for (std::size_t line = 0; line < lines && begin > 0; ++line) {
        const std::size_t before = text.substr(0, line == 0 ? begin : begin - 1).rfind('\n');
        const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
        if (text.size() - start <= bytes) {
            begin = start;
            continue;
        }
        if (line > 0) break;
        begin = text.size() - bytes;
        // Not from the middle of a character.
        while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) ++begin;
        break;
    }
    return text.substr(begin);
}

std::size_t count_lines(std::string_view text) {
    return text.empty() ? 0 : static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

}  // namespace

std::string last_output(std::string_view standard_output, std::string_view standard_error) {
    const std::string errors = valid(standard_error);
    const std::string words = valid(standard_output);
    const std::string_view second = tail(errors, kMaxLines, kMaxBytes);
    const std::size_t left = kMaxBytes - second.size();
    const std::string_view first = tail(words, kMaxLines - count_lines(second), left > 0 ? left - 1 : 0);
    std::string out(first);
    if (!first.empty() && !second.empty()) out += '\n';
    return out.append(second);
}

}  // namespace drover::setup
