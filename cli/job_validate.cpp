// drover job validate FILE
#include "cli/job_file.hpp"
#include "cli/verb.hpp"
#include "wire/codec.hpp"

namespace drover::cli {
namespace {

Json problem_json(const jobspec::Problem& p) {
    return {{"file", p.file},   {"line", p.line},       {"column", p.column},
            {"field", p.field}, {"message", p.message}, {"nearest", p.nearest}};
}

int validate(const Session& session, const std::string& path) {
    auto file = read_job_file(path);
    if (!file) return session.fail(file.error());
    const bool valid = file->parsed.job.has_value();
    Json problems = Json::array();
    for (const auto& problem : file->parsed.problems) problems.push_back(problem_json(problem));
    Json answer = {{"valid", valid}, {"problems", std::move(problems)}};
    if (valid) answer["spec"] = Json::parse(wire::to_json(*file->parsed.job), nullptr, false);
    if (session.print_json(answer)) return valid ? kOk : kUsage;
    if (!valid) return session.fail(describe(path, file->parsed.problems));
    std::size_t tasks = 0;
    for (const auto& group : file->parsed.job->groups) tasks += group.count * group.tasks.size();
    session.out(path + " is valid: job \"" + file->parsed.job->name + "\", " +
                std::string(wire::to_string(file->parsed.job->type)) + ", " + std::to_string(tasks) +
                (tasks == 1 ? " task in all\n" : " tasks in all\n"));
    return kOk;
}

}  // namespace

void add_job_validate(CLI::App& job, Session& session) {
    const auto path = std::make_shared<std::string>();
    add_verb(job, session, "validate", "check a job file; needs no running Drover", "drover job validate web.yaml",
             [&session, path] { return validate(session, *path); })
        ->add_option("FILE", *path, "job file, YAML or JSON; - reads standard input")
        ->required()
        ->type_name("");
}

}  // namespace drover::cli
