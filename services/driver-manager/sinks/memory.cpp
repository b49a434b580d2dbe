#include "driver-manager/sinks/memory.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace drover::sinks {

namespace {

constexpr std::size_t kMaxCourses = 8;
constexpr std::size_t kMaxName = 128;

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos || parts.size() > kMaxCourses) return parts;
        text.remove_prefix(end + 1);
    }
}

bool to_number(std::string_view text, std::uint64_t& out) {
    const char* const end = text.data() + text.size();
    return !text.empty() && std::from_chars(text.data(), end, out).ptr == end;
}

std::optional<wire::LogSink> to_sink(std::string_view word) {
    for (const wire::LogSink sink : {wire::LogSink::syslog, wire::LogSink::journald})
        if (word == to_string(sink)) return sink;
    return std::nullopt;
}

bool parse_course(std::string_view line, Memory& memory) {
    const std::vector<std::string_view> words = split(line, ' ');
    if (words.size() != 4 || (words[1] != "stdout" && words[1] != "stderr")) return false;
    const auto sink = to_sink(words[0]);
    Sent sent;
    if (!sink || !to_number(words[2], sent.position) || !to_number(words[3], sent.dropped)) return false;
    return memory.courses.emplace(std::pair(*sink, std::string(words[1])), sent).second;
}

}  // namespace

std::string to_text(const Memory& memory) {
    std::string out = "job " + memory.job + "\n";
    for (const auto& [way, sent] : memory.courses) {
        out += std::string(to_string(way.first)) + " " + way.second + " " + std::to_string(sent.position) + " " +
               std::to_string(sent.dropped) + "\n";
    }
    return out;
}

Result<Memory> parse_memory(std::string_view text) {
    const auto damaged = fail(ErrorKind::corrupt, "what was remembered of a task's sinks is damaged");
    if (!text.ends_with('\n')) return damaged;
    text.remove_suffix(1);
    const std::vector<std::string_view> lines = split(text, '\n');
    Memory memory;
    if (!lines[0].starts_with("job ")) return damaged;
    memory.job = lines[0].substr(4);
    const auto plain = [](char c) { return c > ' ' && c < 0x7f; };
    if (memory.job.empty() || memory.job.size() > kMaxName || !std::all_of(memory.job.begin(), memory.job.end(), plain))
        return damaged;
    for (std::size_t i = 1; i < lines.size(); ++i)
        if (!parse_course(lines[i], memory)) return damaged;
    return memory;
}

std::vector<wire::LogSink> daemons(const wire::LogConfig& logs) {
    std::vector<wire::LogSink> out;
    for (const wire::LogSink sink : logs.sinks)
        if (sink == wire::LogSink::syslog || sink == wire::LogSink::journald) out.push_back(sink);
    return out;
}

}  // namespace drover::sinks
