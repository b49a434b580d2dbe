#include "http/hints.hpp"

#include <chrono>

namespace drover::http {

std::uint64_t Hints::count() {
    const std::lock_guard lock(mutex_);
    return count_;
}

void Hints::add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
}

void Hints::wait(std::uint64_t seen, Duration limit) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::nanoseconds(limit.ns), [&] { return closed_ || count_ != seen; });
}

void Hints::pause(Duration limit) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::nanoseconds(limit.ns), [&] { return closed_; });
}

void Hints::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

bool Hints::closed() {
    const std::lock_guard lock(mutex_);
    return closed_;
}

}  // namespace drover::http
