#include "driver-manager/sinks/message.hpp"

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace drover::sinks {

namespace {

constexpr int kDaemon = 3;
constexpr int kWarning = 4;
constexpr int kInfo = 6;

int severity(const Origin& origin) { return origin.stream == "stderr" ? kWarning : kInfo; }

// Always with the length in front: a line may hold any byte.
void add_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(1, '\n');
    std::uint64_t length = value.size();
    for (int i = 0; i < 8; ++i, length >>= 8U) out += static_cast<char>(length & 0xffU);
    out.append(value).append(1, '\n');
}

}  // namespace

std::string syslog_message(const Origin& origin, const logs::Line& line) {
    const std::time_t seconds = line.at.ns / 1'000'000'000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char when[32];
    std::strftime(when, sizeof when, "%b %e %H:%M:%S", &parts);
    return "<" + std::to_string(kDaemon * 8 + severity(origin)) + ">" + when + " drover/" + origin.job + "/" +
           origin.task + "[" + origin.alloc.substr(0, 8) + "]: " + line.text;
}

std::string journal_message(const Origin& origin, const logs::Line& line) {
    std::string out;
    add_field(out, "MESSAGE", line.text);
    add_field(out, "PRIORITY", std::to_string(severity(origin)));
    add_field(out, "SYSLOG_IDENTIFIER", origin.task);
    add_field(out, "DROVER_JOB", origin.job);
    add_field(out, "DROVER_ALLOC", origin.alloc);
    add_field(out, "DROVER_TASK", origin.task);
    add_field(out, "DROVER_STREAM", origin.stream);
    if (line.at.set()) add_field(out, "DROVER_TIME_USEC", std::to_string(line.at.ns / 1000));
    return out;
}

}  // namespace drover::sinks
