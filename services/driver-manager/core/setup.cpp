#include "driver-manager/core/setup.hpp"

#include "base/check.hpp"

namespace drover::driver_manager {

std::vector<wire::SetupKind> setup_steps(const wire::TaskSpec& spec) {
    std::vector<wire::SetupKind> kinds = {wire::SetupKind::directory};
    if (!spec.payload_file.empty()) kinds.push_back(wire::SetupKind::payload);
    // What a container is made of is fetched like what it works with, but only once it is rendered who may have it.
    const bool image = spec.driver == "docker";
    const bool renders = !spec.templates.empty();
    if (!spec.artifacts.empty() || (image && !renders)) kinds.push_back(wire::SetupKind::artifacts);
    if (renders) kinds.push_back(wire::SetupKind::templates);
    if (image && renders) kinds.push_back(wire::SetupKind::artifacts);
    return kinds;
}

std::optional<wire::SetupKind> SetupCourse::next(Instant now) {
    if (error_ || under_way() || steps_.size() == kinds_.size()) return std::nullopt;
    wire::SetupStep step;
    step.kind = kinds_[steps_.size()];
    step.began_at = now;
    steps_.push_back(step);
    return step.kind;
}

bool SetupCourse::wait_for(const std::string& what) {
    if (!under_way() || waits_ == what) return false;
    waits_ = what;
    return true;
}

void SetupCourse::end(Instant now, const Result<void>& result) {
    CHECK(under_way());
    wire::SetupStep& step = steps_.back();
    step.over = true;
    step.took = now - step.began_at;
    waits_.clear();
    if (result) return;
    step.error = result.error().message;
    error_ = result.error();
}

}  // namespace drover::driver_manager
