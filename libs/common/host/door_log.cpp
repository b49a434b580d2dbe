#include "host/door_log.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <utility>

#include "host/log.hpp"

namespace drover::host {

namespace {

constexpr std::chrono::seconds kPause{1};

struct Said {
    std::mutex mutex;
    std::chrono::steady_clock::time_point next{};
    std::uint64_t silent = 0;
};

}  // namespace

bus::RefusalHandler log_refusals(std::atomic<std::uint64_t>& count) {
    return [said = std::make_shared<Said>(), &count](const bus::Refusal& refusal) {
        ++count;
        const std::lock_guard lock(said->mutex);
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

std::atomic<std::uint64_t>& turned_away() {
    static std::atomic<std::uint64_t> count = 0;
    return count;
}

}  // namespace drover::host
