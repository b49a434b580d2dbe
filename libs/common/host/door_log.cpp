#include "host/door_log.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "host/log.hpp"

namespace drover::host {

namespace {

constexpr std::chrono::seconds kPause{1};
constexpr std::size_t kMaxReasons = 32;  // a stranger may choose some of their words

struct Reason {
    std::chrono::steady_clock::time_point next{};
    std::uint64_t silent = 0;
};

struct Said {
    std::mutex mutex;
    std::map<std::string, Reason> reasons;
};

}  // namespace

bus::RefusalHandler log_refusals(std::atomic<std::uint64_t>& count) {
    return [said = std::make_shared<Said>(), &count](const bus::Refusal& refusal) {
        ++count;
        const std::lock_guard lock(said->mutex);
        const auto now = std::chrono::steady_clock::now();
        const bool known = said->reasons.contains(refusal.why) || said->reasons.size() < kMaxReasons;
        Reason& reason = said->reasons[known ? refusal.why : "another"];
        if (now < reason.next) {
            ++reason.silent;
            return;
        }
        log::warn("turned away", {{"peer", refusal.from.empty() ? "unknown" : refusal.from},
                                  {"why", refusal.why},
                                  {"unsaid", std::exchange(reason.silent, 0)}});
        reason.next = now + kPause;
    };
}

std::atomic<std::uint64_t>& turned_away() {
    static std::atomic<std::uint64_t> count = 0;
    return count;
}

}  // namespace drover::host
