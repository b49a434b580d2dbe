#include "host/metrics_server.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "host/config.hpp"
#include "host/door_log.hpp"
#include "host/log.hpp"

namespace drover::host {
namespace {

using metrics::metric;

constexpr int kMaxPorts = 1000;  // of a range

struct Ports {
    std::string host;  // with its colon
    int first = 0;
    int last = 0;
};

std::optional<int> parse_port(std::string_view text) {
    int port = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool good = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    return good && port >= 0 && port < 65536 ? std::optional(port) : std::nullopt;
}

Result<Ports> parse_ports(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    const std::size_t dash = address.find('-', colon == std::string::npos ? address.size() : colon);
    if (colon != std::string::npos && colon > 0) {
        const auto first = parse_port(std::string_view(address).substr(colon + 1, dash - colon - 1));
        const auto last = dash == std::string::npos ? first : parse_port(std::string_view(address).substr(dash + 1));
        if (first && last && *first <= *last && *last - *first < kMaxPorts)
            return Ports{address.substr(0, colon + 1), *first, *last};
    }
    return fail(ErrorKind::invalid,
                "option metrics has to be HOST:PORT or HOST:FIRST-LAST, as 127.0.0.1:7190, not \"" + address + "\"");
}

double started_at() {
    struct Start {
        double at = static_cast<double>(std::time(nullptr));
    };
    static const Start start;
    return start.at;
}

double cpu_seconds() {
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    const auto seconds_of = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds_of(use.ru_utime) + seconds_of(use.ru_stime);
}

double resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    double all = 0, resident = 0;
    statm >> all >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
    std::error_code code;
    double count = 0;
    for (std::filesystem::directory_iterator at("/proc/self/fd", code), end; !code && at != end; at.increment(code))
        ++count;
    return count;
}

}  // namespace

MetricsServer::MetricsServer(rt::Loop& loop, std::function<std::string()> page)
    : page_(std::move(page)),
      bridge_(loop),
      server_([this](const http::Call& call) { return answer(call); }, {.connections = kConnections}) {
    started_at();
}

// Who waits for a page gets it, or is told: the server waits for its connections.
MetricsServer::~MetricsServer() {
    bridge_.close();
    server_.stop();
    if (!file_.empty()) std::remove(file_.c_str());
}

Result<void> MetricsServer::start(const std::string& address, const std::string& file) {
    const auto ports = parse_ports(address);
    if (!ports) return tl::unexpected(ports.error());
    Result<std::string> bound;
    for (int port = ports->first; port <= ports->last; ++port) {
        bound = server_.start(ports->host + std::to_string(port));
        if (bound) break;
    }
    if (!bound) return fail(bound.error().kind, "option metrics cannot be used: " + bound.error().message);
    const std::string fresh = file + ".new";
    std::ofstream(fresh) << *bound << "\n";
    if (std::rename(fresh.c_str(), file.c_str()) != 0) return fail_errno("cannot write " + file, errno);
    file_ = file;
    log::info("serving metrics", {{"http", *bound}});
    return {};
}

http::Reply MetricsServer::answer(const http::Call& call) {
    const bool page = call.path == std::vector<std::string>{"metrics"};
    const bool health = call.path == std::vector<std::string>{"healthz"};
    if (!page && !health)
        return http::error_reply(404, ErrorKind::not_found, "there is nothing here but /metrics and /healthz");
    if (call.method != "GET" && call.method != "HEAD")
        return http::error_reply(405, ErrorKind::invalid, "this path does not take " + call.method + ", only GET");
    auto text = http::on_loop<std::string>(
        bridge_, kLimit, [this, page](auto deliver) { deliver(page ? page_() : "{\"ok\": true}\n"); });
    if (!text) return http::error_reply(text.error());
    return {.type = page ? std::string(metrics::Page::kContentType) : "application/json", .body = std::move(*text)};
}

void measure_process(metrics::Page& page, const Self& self) {
    page.add(metric("drover_service_info"), {self.service, self.id, version()}, 1);
    page.add(metric("process_start_time_seconds"), started_at());
    page.add(metric("process_cpu_seconds_total"), cpu_seconds());
    page.add(metric("process_resident_memory_bytes"), resident_bytes());
    page.add(metric("process_open_fds"), open_descriptors());
    page.add(metric("drover_bus_turned_away_total"), static_cast<double>(turned_away().load()));
}

void measure_bus(metrics::Page& page, const bus::Exchange& exchange) {
    const bus::Exchange::Counters& counters = exchange.counters();
    const auto add = [&page](const metrics::Metric& one, std::uint64_t value) {
        page.add(one, static_cast<double>(value));
    };
    add(metric("drover_bus_gaps_total"), counters.gaps);
    add(metric("drover_bus_repairs_total"), counters.repairs);
    add(metric("drover_bus_replayed_records_total"), counters.replayed);
    add(metric("drover_bus_duplicate_records_total"), counters.duplicates);
    add(metric("drover_bus_refused_messages_total"), counters.refused);
    add(metric("drover_bus_unsent_messages_total"), counters.too_long);
}

}  // namespace drover::host
