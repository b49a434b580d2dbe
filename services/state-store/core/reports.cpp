#include "state-store/core/reports.hpp"

#include <algorithm>
#include <utility>

#include "state-store/core/audit.hpp"
#include "state-store/core/keys.hpp"
#include "state-store/core/tally.hpp"
#include "state-store/core/validate.hpp"
#include "wire/slots.hpp"

namespace drover::store {

namespace {

tl::unexpected<Error> refuse(const std::string& what, const std::string& alloc, const std::string& why) {
    return fail(ErrorKind::refused, what + " for alloc \"" + alloc + "\" was refused: " + why);
}

Result<void> check_term(const std::string& what, const std::string& alloc, std::uint64_t term, std::uint64_t recorded,
                        std::uint64_t generation) {
    const auto say = [&](const char* why, std::uint64_t other) {
        return refuse(what, alloc, "its term " + std::to_string(term) + why + std::to_string(other));
    };
    if (term < recorded) return say(" is older than the recorded ", recorded);
    if (term > generation) return say(" is above the members' generation ", generation);
    // An owner of the new generation begins from what is recorded: nothing older may be added behind its back.
    if (term < generation) return say(" is older than the members' generation ", generation);
    return {};
}

// What is recorded of the alloc's reports. The numbers of events are in the status too: should the one object be lost,
// the other tells. When both are lost, the first report says where the numbers continue.
Result<std::optional<wire::AllocRecorded>> load_recorded(const Draft& draft, const std::string& alloc) {
    auto recorded = load<wire::AllocRecorded>(draft, recorded_key(alloc));
    if (!recorded || *recorded) return recorded;
    const auto status = load<wire::AllocStatus>(draft, status_key(alloc));
    if (!status) return tl::unexpected(status.error());
    if (!*status) return std::nullopt;
    wire::AllocRecorded out{.alloc = alloc, .term = (*status)->term, .version = (*status)->version, .events = {}};
    for (const wire::TaskStatus& task : (*status)->tasks) out.events[task.name] = task.events;
    return out;
}

Result<void> check_report(const wire::AllocReport& report, const wire::AllocDesired& alloc) {
    const auto has_task = [&](const std::string& name) {
        return std::any_of(alloc.group.tasks.begin(), alloc.group.tasks.end(),
                           [&](const wire::TaskSpec& task) { return task.name == name; });
    };
    for (const wire::TaskEvent& event : report.events) {
        if (event.alloc == alloc.id && event.job == alloc.job && event.n > 0 && has_task(event.task)) continue;
        return refuse("a report", report.alloc,
                      "it has an event of something else (" + event.job + "/" + event.alloc + "/" + event.task + ")");
    }
    if (!report.status || (report.status->id == alloc.id && report.status->job == alloc.job)) return {};
    return refuse("a report", report.alloc, "its status is of alloc \"" + report.status->id + "\"");
}

// A new alloc belongs to the job as it is now, and to a place whose work is still to be done: who proposes something
// else has not heard everything yet, and will.
Result<void> check_placing(const wire::JobDesired& job, const wire::AllocDesired& proposal) {
    const std::string what = "a proposal";
    if (job.stopped) return refuse(what, proposal.id, "job \"" + proposal.job + "\" is stopped");
    if (proposal.job_version != job.version) {
        return refuse(what, proposal.id,
                      "it is of version " + std::to_string(proposal.job_version) + " of job \"" + proposal.job +
                          "\", which has version " + std::to_string(job.version));
    }
    if (wire::is_finished(job, proposal.group.name, proposal.index)) {
        return refuse(what, proposal.id, "the work of its place was done, by an alloc that was removed since");
    }
    return {};
}

Result<void> check_new(const Draft& draft, const wire::JobDesired* job, const wire::AllocDesired& proposal,
                       Instant complete_since) {
    const std::string what = "a proposal";
    if (proposal.desired == wire::Desired::stop) return refuse(what, proposal.id, "there is no such alloc to stop");
    if (proposal.created_at >= complete_since) {
        if (!job) return refuse(what, proposal.id, "there is no job \"" + proposal.job + "\"");
        if (auto ok = check_placing(*job, proposal); !ok) return ok;
    }
    const auto removed = draft.get(collected_key(proposal.id));
    if (!removed) return tl::unexpected(removed.error());
    if (*removed) return refuse(what, proposal.id, "the alloc was removed");
    return {};
}

Result<void> append_events(Draft& draft, const wire::AllocReport& report, const wire::AllocDesired& alloc, bool known,
                           wire::AllocRecorded& recorded) {
    if (report.events.empty()) return {};
    const std::string tally = tally_key(report.events.front().job);
    const auto counted = draft.get(tally);
    if (!counted) return tl::unexpected(counted.error());
    Tallies tallies = read_tallies(counted->value_or(""));
    for (const wire::TaskEvent& event : report.events) {
        const auto [it, first] = recorded.events.try_emplace(event.task, 0);
        if (first && !known) it->second = event.n - 1;
        if (event.n != it->second + 1) continue;
        it->second = event.n;
        save(draft, event_key(event.job, event.alloc, event.task, event.n), event);
        count(event, alloc.desired == wire::Desired::stop, tallies[{alloc.group.name, event.task}]);
        if (auto record = audited(event))
            if (auto ok = append_audit(draft, std::move(*record)); !ok) return ok;
    }
    draft.put(tally, tallies_text(tallies));
    return {};
}

bool all_recorded(const wire::AllocStatus& status, const wire::AllocRecorded& recorded) {
    return std::all_of(status.tasks.begin(), status.tasks.end(), [&](const wire::TaskStatus& task) {
        const auto it = recorded.events.find(task.name);
        return task.events <= (it == recorded.events.end() ? 0 : it->second);
    });
}

// What an alloc is and where it runs stays as it was recorded: its owner may have proposed it twice before it heard so,
// for different nodes.
wire::AllocDesired stopped(const wire::AllocDesired& known, wire::AllocDesired proposal) {
    proposal.type = known.type;
    proposal.job_version = known.job_version;
    proposal.index = known.index;
    proposal.node = known.node;
    proposal.group = known.group;
    proposal.meta = known.meta;
    proposal.payload = known.payload;
    proposal.created_at = known.created_at;
    return proposal;
}

}  // namespace

Result<void> record_proposal(Draft& draft, const wire::AllocDesired& proposal, std::uint64_t generation,
                             Instant complete_since) {
    const std::string what = "a proposal";
    if (!valid_name(proposal.id)) return refuse(what, proposal.id, "that is not an id");
    if (!valid_name(proposal.job)) return refuse(what, proposal.id, "its job \"" + proposal.job + "\" cannot be one");
    const auto job = load<wire::JobDesired>(draft, job_key(proposal.job));
    if (!job) return tl::unexpected(job.error());
    const auto known = load<wire::AllocDesired>(draft, alloc_key(proposal.id));
    if (!known) return tl::unexpected(known.error());
    if (*known && (*known)->job != proposal.job) {
        return refuse(what, proposal.id, "the alloc belongs to job \"" + (*known)->job + "\"");
    }
    if (!*known) {
        if (auto ok = check_new(draft, *job ? &**job : nullptr, proposal, complete_since); !ok) return ok;
    }
    const auto recorded = load_recorded(draft, proposal.id);
    if (!recorded) return tl::unexpected(recorded.error());
    const std::uint64_t fence = std::max(*known ? (*known)->term : 0, *recorded ? (*recorded)->term : 0);
    if (auto ok = check_term(what, proposal.id, proposal.term, fence, generation); !ok) return ok;
    if (!*known) {
        save(draft, alloc_key(proposal.id), proposal);
    } else if (proposal.desired == wire::Desired::stop) {
        save(draft, alloc_key(proposal.id), stopped(**known, proposal));
    }
    return {};
}

Result<void> record_report(Draft& draft, const wire::AllocReport& report, std::uint64_t generation) {
    const std::string what = "a report";
    const auto alloc = load<wire::AllocDesired>(draft, alloc_key(report.alloc));
    if (!alloc) return tl::unexpected(alloc.error());
    if (!*alloc) return refuse(what, report.alloc, "the alloc is not recorded");
    if (auto ok = check_report(report, **alloc); !ok) return ok;
    const auto known = load_recorded(draft, report.alloc);
    if (!known) return tl::unexpected(known.error());
    wire::AllocRecorded recorded = known->value_or(wire::AllocRecorded{});
    recorded.alloc = report.alloc;
    const std::uint64_t fence = std::max((*alloc)->term, recorded.term);
    if (auto ok = check_term(what, report.alloc, report.term, fence, generation); !ok) return ok;

    const auto appended = append_events(draft, report, **alloc, known->has_value(), recorded);
    if (!appended) return appended;
    if (report.status && all_recorded(*report.status, recorded)) {
        const std::pair newer{report.status->term, report.status->version};
        if (newer > std::pair{recorded.term, recorded.version} && report.status->term <= report.term) {
            std::tie(recorded.term, recorded.version) = newer;
            save(draft, status_key(report.alloc), *report.status);
        }
    }
    save(draft, recorded_key(report.alloc), recorded);
    return {};
}

}  // namespace drover::store
