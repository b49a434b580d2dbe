#include "integration/wait.hpp"

#include <poll.h>

#include <ctime>

namespace drover::integration {

Instant now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return Instant{t.tv_sec * 1'000'000'000 + t.tv_nsec};
}

bool eventually(const std::function<bool()>& done, Duration limit) {
    const Instant deadline = now() + limit;
    while (!done()) {
        if (now() > deadline) return false;
        poll(nullptr, 0, 10);
    }
    return true;
}

}  // namespace drover::integration
