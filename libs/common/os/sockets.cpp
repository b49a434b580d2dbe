#include "os/sockets.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "os/files.hpp"
#include "os/proc.hpp"

namespace drover::os {
namespace {

constexpr std::size_t kMaxText = 64 << 20;
constexpr std::size_t kMaxNames = 1 << 20;

std::string_view socket_word(std::string_view& line) {
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    const std::string_view word = line.substr(begin, end - begin);
    line.remove_prefix(end);
    return word;
}

template <class Number>
bool read_number(std::string_view text, int base, Number& to) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to, base);
    return error == std::errc() && end == text.data() + text.size();
}

// "  1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 ..."
std::optional<BoundPort> read_line(std::string_view line) {
    constexpr std::string_view kListens = "0A";
    constexpr std::string_view kTakesFromAnybody = "07";
    socket_word(line);
    const std::string_view local = socket_word(line);
    socket_word(line);
    const std::string_view state = socket_word(line);
    for (int skipped = 0; skipped < 5; ++skipped) socket_word(line);
    BoundPort out;
    const std::size_t colon = local.rfind(':');
    if (colon == std::string_view::npos || (state != kListens && state != kTakesFromAnybody)) return std::nullopt;
    if (!read_number(local.substr(colon + 1), 16, out.port)) return std::nullopt;
    if (!read_number(socket_word(line), 10, out.inode)) return std::nullopt;
    return out;
}

bool has_open(pid_t pid, const std::string& link) {
    const std::string dir = "/proc/" + std::to_string(pid) + "/fd/";
    const auto names = list_dir(dir, kMaxNames);
    if (!names) return false;
    std::array<char, 64> target{};
    for (const std::string& name : *names) {
        const ssize_t n = ::readlink((dir + name).c_str(), target.data(), target.size());
        if (n > 0 && std::string_view(target.data(), static_cast<std::size_t>(n)) == link) return true;
    }
    return false;
}

}  // namespace

std::vector<BoundPort> parse_bound_ports(std::string_view text) {
    std::vector<BoundPort> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (const auto bound = read_line(text.substr(0, end))) out.push_back(*bound);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::vector<BoundPort> bound_ports() {
    std::vector<BoundPort> out;
    for (const char* path : {"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"})
        for (const BoundPort& bound : parse_bound_ports(read_file(path, kMaxText).value_or(std::string())))
            out.push_back(bound);
    return out;
}

std::optional<SocketOwner> owner_of_socket(std::uint64_t inode) {
    const std::string link = "socket:[" + std::to_string(inode) + "]";
    for (const ProcStat& process : all_procs()) {
        if (!has_open(process.pid, link)) continue;
        std::string name = read_file("/proc/" + std::to_string(process.pid) + "/comm", 64).value_or("?");
        if (name.ends_with('\n')) name.pop_back();
        return SocketOwner{process.pid, name};
    }
    return std::nullopt;
}

}  // namespace drover::os
