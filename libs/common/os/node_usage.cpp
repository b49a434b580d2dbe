#include "os/node_usage.hpp"

#include <unistd.h>

#include <charconv>
#include <string>
#include <vector>

#include "os/files.hpp"

namespace drover::os {

namespace {

constexpr std::size_t kMaxKernelText = 1 << 20;
constexpr std::uint64_t kSector = 512;  // whatever the disk has, the kernel counts in these

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const std::size_t begin = line.find_first_not_of(' ');
        if (begin == std::string_view::npos) break;
        line.remove_prefix(begin);
        const std::size_t end = std::min(line.find(' '), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return words;
}

std::uint64_t number_of(std::string_view word) {
    std::uint64_t value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    return value;
}

template <class Each>
void each_line(std::string_view text, const Each& each) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        each(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

}  // namespace

void add_cpu(std::string_view text, NodeUse& out) {
    constexpr std::size_t kIdle = 4, kWait = 5, kGuest = 9;  // what guests use is in what their host uses
    each_line(text, [&](std::string_view line) {
        if (!line.starts_with("cpu")) return;
        const auto words = words_of(line);
        if (words[0] != "cpu") {
            ++out.cpus;
            return;
        }
        std::uint64_t ticks = 0;
        for (std::size_t i = 1; i < words.size() && i < kGuest; ++i)
            if (i != kIdle && i != kWait) ticks += number_of(words[i]);
        out.cpu_time = Duration{static_cast<std::int64_t>(ticks) * (seconds(1).ns / ::sysconf(_SC_CLK_TCK))};
    });
}

void add_memory(std::string_view text, NodeUse& out) {
    std::uint64_t available = 0;
    each_line(text, [&](std::string_view line) {
        const auto words = words_of(line);
        if (words.size() < 2) return;
        const std::uint64_t bytes = number_of(words[1]) << 10U;
        if (words[0] == "MemTotal:") out.memory_total = bytes;
        if (words[0] == "MemAvailable:") available = bytes;
        if (words[0] == "Cached:" || words[0] == "Buffers:") out.cache += bytes;
    });
    out.memory = out.memory_total > available ? out.memory_total - available : 0;
}

void add_disk(std::string_view line, NodeUse& out) {
    constexpr std::size_t kRead = 5, kWritten = 9;
    const auto words = words_of(line);
    if (words.size() <= kWritten) return;
    out.read_bytes += number_of(words[kRead]) * kSector;
    out.written_bytes += number_of(words[kWritten]) * kSector;
}

NodeUse look_at_node() {
    NodeUse out;
    add_cpu(read_file("/proc/stat", kMaxKernelText).value_or(std::string()), out);
    add_memory(read_file("/proc/meminfo", kMaxKernelText).value_or(std::string()), out);
    const std::string disks = read_file("/proc/diskstats", kMaxKernelText).value_or(std::string());
    each_line(disks, [&](std::string_view line) {
        const auto words = words_of(line);
        // Neither parts of a disk nor what lies above others.
        if (words.size() > 2 && exists("/sys/block/" + std::string(words[2]) + "/device")) add_disk(line, out);
    });
    return out;
}

}  // namespace drover::os
