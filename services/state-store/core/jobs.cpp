#include "state-store/core/jobs.hpp"

#include "state-store/core/keys.hpp"
#include "state-store/core/tally.hpp"
#include "state-store/core/validate.hpp"
#include "wire/slots.hpp"

namespace drover::store {

namespace {

// Work that was done stays done only while it is the same.
void keep_finished(std::map<std::string, std::vector<std::uint32_t>>& places, const wire::JobDesired& before,
                   const wire::JobSpec& after) {
    std::erase_if(
        places, [&](const auto& group) { return before.stopped || !wire::same_work(before.spec, after, group.first); });
}

}  // namespace

Result<std::uint64_t> submit_job(Draft& draft, const wire::JobSpec& spec, const std::string& uid, Instant now) {
    if (auto ok = validate(spec); !ok) return tl::unexpected(ok.error());
    const std::string key = job_key(spec.name);
    auto known = load<wire::JobDesired>(draft, key);
    if (!known) return tl::unexpected(known.error());
    wire::JobDesired job = known->value_or(wire::JobDesired{});
    if (*known && !job.stopped && job.spec == spec) return job.version;
    keep_finished(job.completed, job, spec);
    keep_finished(job.failed, job, spec);
    job.spec = spec;
    job.stopped = false;
    job.purge = false;
    job.no_shutdown_delay = false;
    job.submitted_at = now;
    job.uid = uid;
    ++job.version;
    save(draft, key, job);
    if (auto ok = open_tallies(draft, spec); !ok) return tl::unexpected(ok.error());
    return job.version;
}

Result<std::uint64_t> stop_job(Draft& draft, const std::string& name, bool purge, bool no_shutdown_delay) {
    auto job = load<wire::JobDesired>(draft, job_key(name));
    if (!job) return tl::unexpected(job.error());
    if (!*job) {
        return fail(ErrorKind::not_found, "there is no job \"" + name + "\"; \"drover job status\" lists the jobs");
    }
    (*job)->stopped = true;
    (*job)->purge |= purge;
    (*job)->no_shutdown_delay |= no_shutdown_delay;
    (*job)->completed.clear();
    (*job)->failed.clear();
    save(draft, job_key(name), **job);
    return (*job)->version;
}

}  // namespace drover::store
