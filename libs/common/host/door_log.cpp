#include "host/door_log.hpp"

#include <chrono>
#include <memory>

#include "host/log.hpp"
#include "host/metrics.hpp"

namespace drover::host {

namespace {

constexpr std::chrono::seconds kPause{1};

struct Said {
    std::chrono::steady_clock::time_point next{};
    std::uint64_t silent = 0;
};

}  // namespace

bus::RefusalHandler log_refusals() {
    return [said = std::make_shared<Said>()](const bus::Refusal& refusal) {
        metrics().counter("drover_bus_refused_total", "Connections and messages that were turned away").add();
        const auto now = std::chrono::steady_clock::now();
        if (now < said->next) {
            ++said->silent;
            return;
        }
        log::warn("turned away", {{"peer", refusal.from.empty() ? "unknown" : refusal.from},
                                  {"why", refusal.why},
                                  {"unsaid", std::exchange(said->silent, 0)}});
        said->next = now + kPause;
    };
}

}  // namespace drover::host
