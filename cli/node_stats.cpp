// drover node stats [ID] [-f]: what nodes are busy with, straight from the bus.
#include "bus/topic.hpp"
#include "cli/ear.hpp"
#include "cli/verb.hpp"
#include "wire/codec.hpp"
#include "wire/envelope.hpp"
#include "wire/usage.hpp"

namespace drover::cli {
namespace {

struct NodeStatsOptions {
    std::string id;
    std::vector<std::string> endpoints;
    bool follow = false;
};

// Usage is measured every second as soon as somebody listens, which takes a moment to get around; a rate needs two
// looks.
constexpr Duration kNodePatience = seconds(5);

std::string part_of(double part, double whole) {
    char text[64];
    std::snprintf(text, sizeof text, "%.1f of %.0f", part, whole);
    return text;
}

void show_node(const Session& session, const wire::NodeUsage& usage) {
    if (session.print_json(Json::parse(wire::to_json(usage)))) return;
    Table table(
        {"NODE", "CORES", "MEMORY", "PEAK", "CACHE", "PROCESSES", "READ", "WRITTEN", "TASKS", "LOG", "DROPPED"});
    table.add({usage.node, part_of(usage.cores, usage.cpus), bytes(usage.memory) + " of " + bytes(usage.memory_total),
               bytes(usage.peak), bytes(usage.cache), std::to_string(usage.processes), bytes(usage.read_bytes),
               bytes(usage.written_bytes), std::to_string(usage.tasks), bytes(usage.log_bytes),
               bytes(usage.dropped_bytes)});
    session.out(table.text());
}

int hear_nodes(const Session& session, const NodeStatsOptions& options) {
    auto ear = open_ear(session.environment, options.endpoints, bus::live_topic("stats/node", options.id));
    if (!ear) return session.fail(ear.error());
    bool heard = false;
    std::string topic, payload;
    for (Instant limit = session.now() + kNodePatience; session.now() < limit;) {
        if (!(*ear)->next(topic, payload, limit - session.now())) continue;
        const auto envelope = wire::decode<wire::Envelope>(payload);
        if (!envelope || envelope->records.size() != 1) continue;
        const auto usage = wire::decode<wire::NodeUsage>(envelope->records[0].body);
        if (!usage) continue;
        show_node(session, *usage);
        heard = true;
        if (!options.follow) return kOk;
        limit = session.now() + kNodePatience;
    }
    return session.fail(heard ? "nothing is heard any more of what nodes are busy with"
                              : "nothing was heard of what node " + options.id +
                                    " is busy with; `drover node status` lists the nodes");
}

}  // namespace

void add_node_stats(CLI::App& node, Session& session) {
    const auto options = std::make_shared<NodeStatsOptions>();
    CLI::App* verb = add_verb(node, session, "stats", "show what a node is busy with", "drover node stats node-1 -f",
                              [&session, options] { return hear_nodes(session, *options); });
    verb->add_option("ID", options->id, "the node's id")->required()->type_name("");
    verb->add_flag("-f,--follow", options->follow, "go on, once a second");
    verb->add_option("--endpoint", options->endpoints,
                     "tap endpoints to connect to instead of those of the data directory")
        ->type_name("ENDPOINT");
}

}  // namespace drover::cli
