// drover events [-f] [--from WHERE | --since N] [--job J]
#include "cli/event_feed.hpp"

namespace drover::cli {
namespace {

struct EventsOptions {
    bool follow = false;
    std::uint64_t since = 0;
    std::string from;
    std::string job;
};

int show_events(const Session& session, const EventsOptions& options) {
    EventFeed feed(session.client(), options.job);
    feed.start_after(options.since);
    feed.start_from(options.from);
    feed.on_gap([&](const Json& gap) {
        session.err(session.json ? dump(Json{{"gap", gap}}) : "Note: " + printable(gap.value("message", "")) + ".\n");
    });
    const auto print = [&](const Json& event) {
        if (!session.print_json(event)) session.out(event_line(session, event, true));
    };
    do {
        auto read = feed.read(options.follow ? seconds(20) : Duration{}, print);
        if (!read) return session.fail(read.error());
    } while (options.follow);
    return kOk;
}

}  // namespace

void add_events(CLI::App& root, Session& session) {
    const auto options = std::make_shared<EventsOptions>();
    CLI::App* verb = add_verb(root, session, "events",
                              "print what happened to tasks, oldest first; with -o json one "
                              "object a line, whose number --since takes; says when events "
                              "that were asked for are gone",
                              "drover events --from 10m -f --job web",
                              [&session, options] { return show_events(session, *options); });
    verb->add_flag("-f,--follow", options->follow, "go on with what happens next");
    CLI::Option* since = verb->add_option("--since", options->since, "only events with a higher number");
    since->type_name("NUMBER");
    verb->add_option("--from", options->from,
                     "begin here: now, the number of an event, how long ago (10m), a point in time "
                     "(2026-11-30T12:00:00Z)")
        ->type_name("WHERE")
        ->excludes(since);
    verb->add_option("--job", options->job, "only events of this job")->type_name("NAME");
}

}  // namespace drover::cli
