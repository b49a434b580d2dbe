#include "driver-manager/fetch/deadline.hpp"

#include <poll.h>

#include <ctime>

namespace drover::fetch {

namespace {

constexpr std::uint64_t kAttempts = 4;
constexpr Duration kFirstPause = milliseconds(200);
constexpr Duration kLongestPause = seconds(2);

std::int64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * seconds(1).ns + now.tv_nsec;
}

}  // namespace

Deadline::Deadline(Duration time) : end_ns_(monotonic_ns() + time.ns) {}

Duration Deadline::left() const { return nanoseconds(end_ns_ - monotonic_ns()); }

bool Deadline::pause_before(std::uint64_t attempt) const {
    const Duration pause = backoff(kFirstPause, attempt - 1, kLongestPause);
    if (attempt >= kAttempts || pause >= left()) return false;
    // There is nothing to wait for: nobody tells when a server is back.
    ::poll(nullptr, 0, static_cast<int>(pause.ms()));
    return true;
}

Result<void> with_retries(const Deadline& deadline, const std::function<Result<void>()>& attempt) {
    for (std::uint64_t tries = 1;; ++tries) {
        auto done = attempt();
        if (done || done.error().kind != ErrorKind::unavailable || !deadline.pause_before(tries)) return done;
    }
}

}  // namespace drover::fetch
