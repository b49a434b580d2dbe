#include "driver-manager/stats/starts.hpp"

namespace drover::stats {
namespace {

constexpr wire::SetupKind kSteps[] = {wire::SetupKind::directory, wire::SetupKind::payload, wire::SetupKind::artifacts,
                                      wire::SetupKind::templates};

double in_seconds(Duration duration) { return static_cast<double>(duration.ns) / 1e9; }

}  // namespace

void Starts::begun(const driver_manager::TaskKey& key, std::uint64_t seq, Instant now) { begun_[key] = {seq, now}; }

void Starts::heard(const driver_manager::TaskKey& key, const wire::IncarnationObserved& state, Instant now) {
    const auto start = begun_.find(key);
    if (start == begun_.end() || start->second.seq != state.seq || state.phase == wire::RunPhase::starting) return;
    if (state.phase == wire::RunPhase::running) {
        for (const wire::SetupStep& step : state.steps)
            if (step.over) took_[std::string(to_string(step.kind))].observe(in_seconds(step.took));
        took_["all"].observe(in_seconds(now - start->second.at));
    }
    begun_.erase(start);
}

void Starts::measure(metrics::Page& page) const {
    const auto add = [&](const std::string& step) {
        const auto known = took_.find(step);
        page.add(metrics::metric("drover_start_seconds"), {step},
                 known == took_.end() ? metrics::Histogram() : known->second);
    };
    for (const wire::SetupKind step : kSteps) add(std::string(to_string(step)));
    add("all");
}

}  // namespace drover::stats
