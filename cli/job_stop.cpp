// drover job stop NAME [--purge] [--no-shutdown-delay] [--detach] [--timeout 2m]
#include "base/units.hpp"
#include "cli/alloc_order.hpp"
#include "cli/watch.hpp"

namespace drover::cli {
namespace {

struct JobStopOptions {
    std::string name;
    bool detach = false;
    bool purge = false;
    bool no_shutdown_delay = false;
    std::string timeout = "2m";
};

int stop(const Session& session, const JobStopOptions& options) {
    auto limit = parse_duration(options.timeout);
    if (!limit) return session.fail(limit.error());
    EventFeed feed(session.client(), options.name);
    if (auto started = feed.start_at_head(); !started) return session.fail(started.error());
    auto answer = session.client().remove(with_query(
        "/v1/jobs/" + encode_segment(options.name),
        {{"purge", options.purge ? "true" : ""}, {"no_shutdown_delay", options.no_shutdown_delay ? "true" : ""}}));
    if (!answer) return session.fail(answer.error());
    if (options.detach) {
        if (!session.print_json(*answer)) session.out("Job \"" + options.name + "\" is being stopped.\n");
        return kOk;
    }
    auto watched = watch_job(session, feed, options.name, options.purge ? judge_purge : judge_stop, *limit);
    if (!watched && options.purge && watched.error().kind == ErrorKind::not_found) {
        if (!session.print_json(*answer)) session.out("Job \"" + options.name + "\" is gone.\n");
        return kOk;
    }
    if (!watched) return session.fail(watched.error());
    session.print_json(watched->job);
    if (watched->verdict.code != kOk) {
        return session.fail("job \"" + options.name + "\" did not stop: " + watched->verdict.why);
    }
    if (!session.json) session.out("Job \"" + options.name + "\" is stopped.\n");
    return kOk;
}

}  // namespace

void add_job_stop(CLI::App& job, Session& session) {
    const auto options = std::make_shared<JobStopOptions>();
    CLI::App* verb = add_verb(job, session, "stop", "end every task of a job and wait until they have ended",
                              "drover job stop web", [&session, options] { return stop(session, *options); });
    verb->add_option("NAME", options->name, "the job")->required()->type_name("");
    verb->add_flag("--purge", options->purge, "when they have ended, forget the job; its events stay for their time");
    add_no_shutdown_delay(*verb, options->no_shutdown_delay);
    verb->add_flag("-d,--detach", options->detach, "do not wait");
    verb->add_option("--timeout", options->timeout, "how long to wait, as 30s or 10m; the stop goes on after it")
        ->type_name("DURATION")
        ->capture_default_str();
}

}  // namespace drover::cli
