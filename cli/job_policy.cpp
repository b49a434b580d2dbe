// drover job policy simulate FILE
#include "base/units.hpp"
#include "cli/job_file.hpp"
#include "cli/verb.hpp"
#include "policy/simulate.hpp"

namespace drover::cli {
namespace {

constexpr std::size_t kMaxAttempts = 1000;

struct JobPolicyOptions {
    std::string path;
    std::string task;
    std::vector<std::string> runs = {"1s"};
    std::int32_t exit_code = 1;
    std::size_t limit = 20;
};

std::string_view word(policy::Verdict::Kind kind) {
    using Kind = policy::Verdict::Kind;
    switch (kind) {
        case Kind::killed: return "killed";
        case Kind::terminated: return "complete";
        case Kind::not_restarting: return "failed";
        case Kind::restarting: return "restarting";
    }
    return "";
}

Json attempt_json(const policy::Attempt& attempt) {
    return {{"starts", attempt.starts.ns},
            {"ran", attempt.ran.ns},
            {"then", word(attempt.verdict.kind)},
            {"delay", attempt.verdict.delay.ns},
            {"reason", attempt.verdict.reason}};
}

std::string attempts_text(const std::vector<policy::Attempt>& attempts) {
    Table table({"START", "AT", "RUNS", "THEN", "DELAY", "REASON"});
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        const policy::Verdict& verdict = attempts[i].verdict;
        const bool again = verdict.kind == policy::Verdict::Kind::restarting;
        table.add({std::to_string(i + 1), "+" + to_string(attempts[i].starts), to_string(attempts[i].ran),
                   std::string(word(verdict.kind)), again ? to_string(verdict.delay) : "-", verdict.reason});
    }
    return table.text();
}

Result<policy::CrashPattern> pattern_of(const JobPolicyOptions& options) {
    policy::CrashPattern pattern;
    pattern.exit_code = options.exit_code;
    pattern.runs.clear();
    for (const std::string& run : options.runs) {
        const auto length = parse_duration(run);
        if (!length) return tl::unexpected(length.error());
        pattern.runs.push_back(*length);
    }
    return pattern;
}

int simulate(const Session& session, const JobPolicyOptions& options) {
    const auto file = read_job_file(options.path);
    if (!file) return session.fail(file.error());
    if (!file->parsed.job) return session.fail(describe(options.path, file->parsed.problems));
    const auto pattern = pattern_of(options);
    if (!pattern) return session.fail(pattern.error());
    Json tasks = Json::array();
    std::string text;
    for (const wire::GroupSpec& group : file->parsed.job->groups) {
        for (const wire::TaskSpec& task : group.tasks) {
            if (!options.task.empty() && task.name != options.task) continue;
            const auto rules = policy::rules_of(file->parsed.job->type, group, task);
            const auto attempts = policy::simulate(rules, *pattern, options.limit);
            Json list = Json::array();
            for (const policy::Attempt& attempt : attempts) list.push_back(attempt_json(attempt));
            tasks.push_back({{"group", group.name}, {"task", task.name}, {"attempts", std::move(list)}});
            text +=
                (text.empty() ? "" : "\n") + ("Task " + group.name + "/" + task.name + "\n") + attempts_text(attempts);
        }
    }
    if (tasks.empty())
        return session.fail(Error{ErrorKind::not_found, options.path + " has no task \"" + options.task + "\""});
    if (!session.print_json({{"tasks", std::move(tasks)}}))
        session.out(text + "\nDelays differ from alloc to alloc: up to a quarter is added at random.\n");
    return kOk;
}

}  // namespace

void add_job_policy(CLI::App& job, Session& session) {
    CLI::App* policy = job.add_subcommand("policy", "what a restart policy does");
    policy->require_subcommand(1);
    const auto options = std::make_shared<JobPolicyOptions>();
    CLI::App* verb = add_verb(*policy, session, "simulate",
                              "when a task that keeps failing would be started again; needs no running Drover",
                              "drover job policy simulate web.yaml --runs 1s,1s,10m --exit-code 1",
                              [&session, options] { return simulate(session, *options); });
    verb->add_option("FILE", options->path, "job file, YAML or JSON; - reads standard input")
        ->required()
        ->type_name("");
    verb->add_option("--runs", options->runs, "how long each run lasts; the last one repeats (1s)")
        ->delimiter(',')
        ->type_name("DURATION,...");
    verb->add_option("--exit-code", options->exit_code, "what each run exits with (1)")->type_name("CODE");
    verb->add_option("--task", options->task, "only this task")->type_name("NAME");
    verb->add_option("--limit", options->limit, "attempts to show at most (20)")
        ->check(CLI::Range(std::size_t{1}, kMaxAttempts))
        ->type_name("N");
}

}  // namespace drover::cli
