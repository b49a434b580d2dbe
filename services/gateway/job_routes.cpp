// /v1/jobs and /v1/validate.
#include <set>

#include "gateway/routes.hpp"
#include "gateway/views.hpp"
#include "jobspec/parse.hpp"

namespace drover::gateway {
namespace {

struct JobPicture {
    Shared<wire::JobDesired> job;
    std::vector<AllocEntry> allocs;
    std::vector<NodeEntry> nodes;
    bool has_runner = false;
};

JobPicture picture(const Mirror& mirror, const std::string& name) {
    return {mirror.job(name), mirror.allocs(name), node_entries(mirror),
            mirror.members() && !mirror.members()->alloc_runners.empty()};
}

Json summary(const JobPicture& p) {
    return job_view(*p.job, standing(*p.job, p.allocs, p.nodes, p.has_runner), count_groups(*p.job, p.allocs));
}

Reply unknown_job(const std::string& name) {
    return error_reply(404, ErrorKind::not_found,
                       "there is no job \"" + name + "\"; `drover job status` lists the jobs there are");
}

// Driver names that some node offers; a job for a driver that nobody has would wait for ever.
std::vector<jobspec::Driver> known_drivers(const Mirror& mirror) {
    std::set<std::string> names;
    for (const auto& node : mirror.nodes()) {
        for (const auto& item : node->node.drivers) names.insert(item.first);
    }
    std::vector<jobspec::Driver> drivers;
    for (const std::string& name : names) drivers.push_back({name, {}});
    return drivers;
}

Reply problems_reply(const std::vector<jobspec::Problem>& problems) {
    Json list = Json::array();
    for (const auto& p : problems) {
        list.push_back({{"line", p.line},
                        {"column", p.column},
                        {"field", p.field},
                        {"message", p.message},
                        {"nearest", p.nearest},
                        {"text", jobspec::to_string(p)}});
    }
    const std::string count = problems.size() == 1 ? "one problem" : std::to_string(problems.size()) + " problems";
    Json error = {{"kind", "invalid"},
                  {"message", "the job has " + count + ": " + jobspec::to_string(problems.front())}};
    return json_reply(Json{{"error", std::move(error)}, {"problems", std::move(list)}}, 400);
}

// The job in the body, or the reply that says what is wrong with it.
tl::expected<wire::JobSpec, Reply> parse_body(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return tl::unexpected(error_reply(known.error()));
    auto drivers =
        look<std::vector<jobspec::Driver>>(context.backend, [](const Mirror& m, Instant) { return known_drivers(m); });
    if (!drivers) return tl::unexpected(error_reply(drivers.error()));
    jobspec::Parsed parsed = jobspec::parse(call.body, "job", *drivers);
    if (!parsed.job) return tl::unexpected(problems_reply(parsed.problems));
    return std::move(*parsed.job);
}

}  // namespace

Reply submit_job(const Context& context, const Call& call) {
    auto spec = parse_body(context, call);
    if (!spec) return spec.error();
    const std::string name = spec->name;
    wire::Request request;
    request.ask = wire::Ask::job_submit;
    request.job = name;
    request.spec = std::move(*spec);
    auto answer = ask_for_change(context, call, std::move(request));
    if (!answer) return error_reply(answer.error());
    const std::uint64_t version = answer->index;
    context.backend.until(
        [name, version](const Mirror& m) {
            const auto job = m.job(name);
            return job && job->version >= version;
        },
        kSettle);
    return json_reply(Json{{"name", name}, {"version", version}});
}

Reply validate_job(const Context& context, const Call& call) {
    auto spec = parse_body(context, call);
    if (!spec) return spec.error();
    return json_reply(Json{{"name", spec->name}, {"spec", spec_view(*spec)}});
}

Reply list_jobs(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    using Pictures = std::vector<JobPicture>;
    auto pictures = look<Pictures>(context.backend, [](const Mirror& m, Instant) {
        std::map<std::string, std::vector<AllocEntry>> allocs;
        for (AllocEntry& entry : m.allocs()) allocs[entry.desired->job].push_back(std::move(entry));
        const bool has_runner = m.members() && !m.members()->alloc_runners.empty();
        Pictures out;
        const std::vector<NodeEntry> nodes = node_entries(m);
        for (auto& job : m.jobs()) out.push_back({job, allocs[job->spec.name], nodes, has_runner});
        return out;
    });
    if (!pictures) return error_reply(pictures.error());
    Json list = Json::array();
    for (const JobPicture& p : *pictures) list.push_back(summary(p));
    return json_reply(Json{{"jobs", std::move(list)}});
}

Reply show_job(const Context& context, const Call& call) {
    if (auto known = call.allow({}); !known) return error_reply(known.error());
    const std::string name = call.path[2];
    auto found = look<JobPicture>(context.backend, [name](const Mirror& m, Instant) { return picture(m, name); });
    if (!found) return error_reply(found.error());
    if (!found->job) return unknown_job(name);
    Json view = summary(*found);
    Json allocs = Json::array();
    for (const AllocEntry& entry : found->allocs) {
        Json alloc = alloc_view(entry);
        alloc["current"] = is_current(*found->job, *entry.desired);
        allocs.push_back(std::move(alloc));
    }
    view["allocs"] = std::move(allocs);
    view["spec"] = spec_view(found->job->spec);
    return json_reply(view);
}

Reply stop_job(const Context& context, const Call& call) {
    if (auto known = call.allow({"purge", "no_shutdown_delay"}); !known) return error_reply(known.error());
    const auto purge = call.flag("purge");
    if (!purge) return error_reply(purge.error());
    const auto no_delay = call.flag("no_shutdown_delay");
    if (!no_delay) return error_reply(no_delay.error());
    const std::string name = call.path[2];
    wire::Request request;
    request.ask = wire::Ask::job_stop;
    request.job = name;
    request.purge = *purge;
    request.no_shutdown_delay = *no_delay;
    auto answer = ask_for_change(context, call, std::move(request));
    if (!answer) return error_reply(answer.error());
    // A job that is purged may be gone already.
    context.backend.until(
        [name, gone = *purge](const Mirror& m) {
            const auto job = m.job(name);
            return job ? job->stopped && (job->purge || !gone) : gone;
        },
        kSettle);
    return json_reply(Json{{"name", name}, {"stopped", true}, {"purge", *purge}});
}

}  // namespace drover::gateway
