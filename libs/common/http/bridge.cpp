#include "http/bridge.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "base/check.hpp"

namespace drover::http {

Bridge::Bridge(rt::Loop& loop) : loop_(loop), event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    CHECK(event_.valid());
    token_ = loop_.on_readable(event_.get(), [this] { drain(); });
}

Bridge::~Bridge() { loop_.cancel(token_); }

bool Bridge::post(std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    if (closed_ || queue_.size() >= kMaxQueue) return false;
    queue_.push_back(std::move(job));
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the loop is awake anyway.
    [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
    return true;
}

void Bridge::drain() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(event_.get(), &count, sizeof count);
    std::deque<std::function<void()>> jobs;
    {
        const std::lock_guard lock(mutex_);
        jobs.swap(queue_);
    }
    for (auto& job : jobs) job();
}

void Bridge::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    drain();
}

}  // namespace drover::http
