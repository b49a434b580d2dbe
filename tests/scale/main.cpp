// drover-scale NODES TASKS_PER_NODE: prints a line of JSON for each phase and role.
#include <charconv>
#include <cstdio>
#include <cstring>

#include "cluster.hpp"
#include "host/log.hpp"

namespace drover::scale {
namespace {

// Per second of virtual time for what goes on at rest; in all for what happens once.
void print(const char* phase, std::size_t nodes, std::size_t tasks, const Totals& totals, Duration time, bool rate) {
    const double seconds = rate ? static_cast<double>(time.ns) / 1e9 : 1;
    for (std::size_t i = 0; i < kRoles; ++i) {
        const Traffic& one = totals[i];
        std::printf(
            "{\"phase\": \"%s\", \"nodes\": %zu, \"tasks\": %zu, \"role\": \"%s\", \"per_second\": %s, \"virtual_ms\": "
            "%lld, \"sent\": %.1f, \"sent_bytes\": %.0f, \"heard\": %.1f, \"heard_bytes\": %.0f, \"busy_ms\": %.2f}\n",
            phase, nodes, tasks, to_string(static_cast<Role>(i)), rate ? "true" : "false",
            static_cast<long long>(time.ms()), static_cast<double>(one.sent) / seconds,
            static_cast<double>(one.sent_bytes) / seconds, static_cast<double>(one.heard) / seconds,
            static_cast<double>(one.heard_bytes) / seconds, static_cast<double>(one.busy_ns) / 1e6 / seconds);
    }
    std::fflush(stdout);
}

void measure(std::size_t nodes, std::size_t tasks) {
    constexpr Duration kRest = seconds(10);
    Cluster cluster(nodes);
    cluster.take();
    const Duration took = cluster.start_tasks(nodes * tasks);
    print("start", nodes, tasks, cluster.take(), took, false);
    cluster.rest(seconds(5));
    cluster.take();
    cluster.rest(kRest);
    print("rest", nodes, tasks, cluster.take(), kRest, true);
    cluster.add_node();
    cluster.rest(seconds(3));
    print("a node joins, 3 s", nodes, tasks, cluster.take(), seconds(3), false);
    cluster.add_runner();
    cluster.rest(seconds(3));
    print("an alloc-runner joins, 3 s", nodes, tasks, cluster.take(), seconds(3), false);
}

}  // namespace
}  // namespace drover::scale

int main(int argc, char** argv) {
    std::size_t nodes = 0, tasks = 0;
    if (argc == 3) {
        std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), nodes);
        std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), tasks);
    }
    if (nodes == 0 || tasks == 0) {
        std::fputs("usage: drover-scale NODES TASKS_PER_NODE\n", stderr);
        return 2;
    }
    drover::log::setup("drover-scale", drover::log::Level::warn);
    drover::scale::measure(nodes, tasks);
    return 0;
}
