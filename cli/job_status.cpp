// drover job status [NAME]
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

// "2/3": what runs or has completed, of what is wanted.
std::string share(const Json& groups) {
    std::uint64_t have = 0, want = 0;
    for (const Json& group : groups) {
        have += group.value("running", 0U) + group.value("complete", 0U);
        want += group.value("count", 0U);
    }
    return std::to_string(have) + "/" + std::to_string(want);
}

int list_jobs(const Session& session) {
    auto answer = session.client().get("/v1/jobs");
    if (!answer) return session.fail(answer.error());
    if (session.print_json(*answer)) return kOk;
    Table table({"NAME", "TYPE", "STATUS", "ALLOCS", "VERSION", "SUBMITTED", "WHY"});
    for (const Json& job : (*answer)["jobs"]) {
        table.add({job.value("name", ""), job.value("type", ""), session.status(job.value("status", "")),
                   share(job["groups"]), std::to_string(job.value("version", 0ULL)),
                   age({job.value("submitted_at", 0LL)}, session.now()), printable(job.value("why", ""))});
    }
    session.out(table.empty() ? "There are no jobs. Run one with: drover job run FILE\n" : table.text());
    return kOk;
}

std::uint64_t restarts(const Json& alloc) {
    std::uint64_t sum = 0;
    for (const Json& task : alloc["tasks"]) sum += task.value("restarts", 0ULL);
    return sum;
}

// What its first task that waits waits for, and until when.
std::string why(const Session& session, const Json& alloc) {
    for (const Json& task : alloc["tasks"]) {
        const std::string reason = task.value("why", "");
        if (reason.empty()) continue;
        const Instant next{task.value("next_attempt", 0LL)};
        const std::string when = next.set() ? " (next attempt at " + clock(next, session.now()) + ")" : "";
        return task.value("name", "") + ": " + reason + when;
    }
    return alloc.value("description", "");
}

int show_job_status(const Session& session, const std::string& name) {
    auto answer = session.client().get("/v1/jobs/" + encode_segment(name));
    if (!answer) return session.fail(answer.error());
    const Json& job = *answer;
    if (session.print_json(job)) return kOk;
    session.out("Job        " + job.value("name", "") + " (" + job.value("type", "") + ", version " +
                std::to_string(job.value("version", 0ULL)) + ")\nStatus     " +
                session.status(job.value("status", "")) + "\nSubmitted  " +
                age({job.value("submitted_at", 0LL)}, session.now()) + " ago\n");
    if (!job.value("why", "").empty()) session.out("Why        " + printable(job.value("why", "")) + "\n");
    Table groups({"GROUP", "COUNT", "PENDING", "RUNNING", "COMPLETE", "FAILED"});
    for (const auto& group : job["groups"].items()) {
        const auto number = [&](const char* field) { return std::to_string(group.value().value(field, 0U)); };
        groups.add(
            {group.key(), number("count"), number("pending"), number("running"), number("complete"), number("failed")});
    }
    session.out("\n" + groups.text());
    Table allocs({"ALLOC", "GROUP", "STATUS", "DESIRED", "NODE", "RESTARTS", "AGE", "WHY"});
    for (const Json& alloc : job["allocs"]) {
        allocs.add({short_id(alloc.value("id", "")),
                    alloc.value("group", "") + "[" + std::to_string(alloc.value("index", 0U)) + "]",
                    session.status(alloc.value("status", "")), alloc.value("desired", ""),
                    short_id(alloc.value("node", "")), std::to_string(restarts(alloc)),
                    age({alloc.value("created_at", 0LL)}, session.now()), printable(why(session, alloc))});
    }
    if (!allocs.empty()) session.out("\n" + allocs.text());
    return kOk;
}

}  // namespace

void add_job_status(CLI::App& job, Session& session) {
    const auto name = std::make_shared<std::string>();
    add_verb(job, session, "status", "list the jobs, or show one with its allocs", "drover job status web",
             [&session, name] { return name->empty() ? list_jobs(session) : show_job_status(session, *name); })
        ->add_option("NAME", *name, "a job; all of them when left out")
        ->type_name("");
}

}  // namespace drover::cli
