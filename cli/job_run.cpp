// drover job run FILE [--detach] [--timeout 5m]
#include "base/units.hpp"
#include "cli/job_file.hpp"
#include "cli/watch.hpp"

namespace drover::cli {
namespace {

struct JobRunOptions {
    std::string file;
    bool detach = false;
    std::string timeout = "5m";
};

// How a good end reads.
std::string ending(const Json& job) {
    std::uint64_t allocs = 0;
    for (const Json& group : job["groups"]) allocs += group.value("count", 0U);
    const std::string word = job.value("status", "") == "complete" ? "complete" : "running";
    return "Job \"" + job.value("name", "") + "\" is " + word + ": " + std::to_string(allocs) +
           (allocs == 1 ? " alloc.\n" : " allocs.\n");
}

int wait(const Session& session, EventFeed& feed, const std::string& name, std::uint64_t version, Duration limit) {
    const auto judge = [&session, version](const Json& job) { return judge_run(job, version, session.now()); };
    auto watched = watch_job(session, feed, name, judge, limit);
    if (!watched) return session.fail(watched.error());
    const Json& job = watched->job;
    if (watched->verdict.code == kOk) {
        if (!session.print_json(job)) session.out(session.paint(ending(job), Tone::good));
        return kOk;
    }
    const std::string sentence = "job \"" + name + "\" did not come up: " + watched->verdict.why;
    session.print_json(job);
    session.fail(sentence);
    if (!session.json) session.err(explain_failure(session, job));
    return watched->verdict.code;
}

int run(const Session& session, const JobRunOptions& options) {
    auto limit = parse_duration(options.timeout);
    if (!limit) return session.fail(limit.error());
    auto file = read_job_file(options.file);
    if (!file) return session.fail(file.error());
    if (!file->parsed.job) return session.fail(describe(options.file, file->parsed.problems));
    EventFeed feed(session.client(), file->parsed.job->name);
    if (auto started = feed.start_at_head(); !started) return session.fail(started.error());
    auto answer = session.client().post("/v1/jobs", file->text);
    if (!answer) return session.fail(answer.error());
    const std::string name = answer->value("name", "");
    const std::uint64_t version = answer->value("version", 0ULL);
    if (options.detach && session.print_json(*answer)) return kOk;
    if (!session.json) {
        session.out("Job \"" + name + "\", version " + std::to_string(version) + ", is submitted.\n");
    }
    if (!options.detach) return wait(session, feed, name, version, *limit);
    session.out("Watch it with: drover job status " + name + "\n");
    return kOk;
}

}  // namespace

void add_job_run(CLI::App& job, Session& session) {
    const auto options = std::make_shared<JobRunOptions>();
    CLI::App* verb =
        add_verb(job, session, "run", "submit a job and wait until it runs (service) or is complete (batch)",
                 "drover job run examples/hello.yaml", [&session, options] { return run(session, *options); });
    verb->add_option("FILE", options->file, "job file, YAML or JSON; - reads standard input")
        ->required()
        ->type_name("");
    verb->add_flag("-d,--detach", options->detach, "do not wait");
    verb->add_option("--timeout", options->timeout, "how long to wait, as 30s or 10m; the job goes on after it")
        ->type_name("DURATION")
        ->capture_default_str();
}

}  // namespace drover::cli
