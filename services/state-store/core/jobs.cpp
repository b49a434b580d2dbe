#include "state-store/core/jobs.hpp"

#include "state-store/core/keys.hpp"
#include "state-store/core/validate.hpp"

namespace drover::store {

Result<std::uint64_t> submit_job(Draft& draft, const wire::JobSpec& spec, const std::string& uid, Instant now) {
    if (auto ok = validate(spec); !ok) return tl::unexpected(ok.error());
    const std::string key = job_key(spec.name);
    auto known = load<wire::JobDesired>(draft, key);
    if (!known) return tl::unexpected(known.error());
    wire::JobDesired job = known->value_or(wire::JobDesired{});
    if (*known && !job.stopped && job.spec == spec) return job.version;
    if (!*known) job.uid = uid;
    job.spec = spec;
    job.stopped = false;
    job.submitted_at = now;
    ++job.version;
    save(draft, key, job);
    return job.version;
}

Result<std::uint64_t> stop_job(Draft& draft, const std::string& name) {
    auto job = load<wire::JobDesired>(draft, job_key(name));
    if (!job) return tl::unexpected(job.error());
    if (!*job) {
        return fail(ErrorKind::not_found, "there is no job \"" + name + "\"; \"drover job status\" lists the jobs");
    }
    (*job)->stopped = true;
    save(draft, job_key(name), **job);
    return (*job)->version;
}

}  // namespace drover::store
