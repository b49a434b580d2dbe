// drover alloc stats ID [-f]: what the tasks of an alloc use, straight from the bus.
#include <algorithm>
#include <map>

#include "bus/topic.hpp"
#include "cli/ear.hpp"
#include "cli/verb.hpp"
#include "wire/codec.hpp"
#include "wire/envelope.hpp"
#include "wire/usage.hpp"

namespace drover::cli {
namespace {

struct StatsOptions {
    std::string id;
    std::vector<std::string> endpoints;
    bool follow = false;
};

// Usage is measured every second as soon as somebody listens, which takes a moment to get around.
constexpr Duration kPatience = seconds(5);

std::string cpu_text(const wire::TaskUsage& usage) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f%%", usage.cores * 100);
    return text;
}

void add_row(Table& table, const wire::TaskUsage& usage) {
    table.add({usage.task, cpu_text(usage), to_string(milliseconds(usage.cpu_time.ns / milliseconds(1).ns)),
               bytes(usage.memory), bytes(usage.peak), bytes(usage.cache), std::to_string(usage.processes),
               bytes(usage.read_bytes), bytes(usage.written_bytes), bytes(usage.log_bytes),
               bytes(usage.dropped_bytes)});
}

void show(const Session& session, const std::map<std::string, wire::TaskUsage>& usages) {
    Table table(
        {"TASK", "CPU", "CPU TIME", "MEMORY", "PEAK", "CACHE", "PROCESSES", "READ", "WRITTEN", "LOG", "DROPPED"});
    for (const auto& [task, usage] : usages) {
        if (!session.print_json(Json::parse(wire::to_json(usage)))) add_row(table, usage);
    }
    if (!table.empty()) session.out(table.text());
}

int listen(const Session& session, const StatsOptions& options) {
    const auto alloc = session.client().get("/v1/allocs/" + encode_segment(options.id));
    if (!alloc) return session.fail(alloc.error());
    const std::string id = alloc->value("id", "");
    const Json& tasks = (*alloc)["tasks"];
    const auto running = std::count_if(tasks.begin(), tasks.end(),
                                       [](const Json& task) { return task.value("state", "") == "running"; });
    if (running == 0) return session.fail("no task of alloc " + short_id(id) + " runs, so nothing is measured");
    const std::string topic = bus::live_topic("task/stats", alloc->value("job", "") + "/" + id);
    auto ear = open_ear(session.environment, options.endpoints, topic);
    if (!ear) return session.fail(ear.error());
    std::map<std::string, wire::TaskUsage> round;
    std::string heard, payload;
    for (Instant limit = session.now() + kPatience; session.now() < limit;) {
        if (!(*ear)->next(heard, payload, limit - session.now())) continue;
        const auto envelope = wire::decode<wire::Envelope>(payload);
        if (!envelope || envelope->records.size() != 1) continue;
        const auto usage = wire::decode<wire::TaskUsage>(envelope->records[0].body);
        if (!usage) continue;
        round[usage->task] = *usage;
        if (round.size() < static_cast<std::size_t>(running)) continue;
        show(session, round);
        if (!options.follow) return kOk;
        round.clear();
        limit = session.now() + kPatience;
    }
    return session.fail("nothing was heard of what alloc " + short_id(id) +
                        " uses: its tasks may have ended, or node " + alloc->value("node", "") + " cannot be heard");
}

}  // namespace

void add_alloc_stats(CLI::App& alloc, Session& session) {
    const auto options = std::make_shared<StatsOptions>();
    CLI::App* verb = add_verb(alloc, session, "stats", "show what the tasks of an alloc use of their node",
                              "drover alloc stats 4f1c2a9b", [&session, options] { return listen(session, *options); });
    verb->add_option("ID", options->id, "the alloc's id, or its beginning")->required()->type_name("");
    verb->add_flag("-f,--follow", options->follow, "go on, once a second");
    verb->add_option("--endpoint", options->endpoints,
                     "tap endpoints to connect to instead of those of the data directory")
        ->type_name("ENDPOINT");
}

}  // namespace drover::cli
