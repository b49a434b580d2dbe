#include "rt/epoll_loop.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <vector>

#include "base/check.hpp"

namespace drover::rt {

namespace {

std::int64_t clock_ns(clockid_t clock) {
    std::timespec ts{};
    clock_gettime(clock, &ts);
    return ts.tv_sec * 1'000'000'000LL + ts.tv_nsec;
}

int wait_ms(Instant now, Instant until) {
    if (until <= now) return 0;
    constexpr std::int64_t kLongest = 60'000;
    if (until == kNever) return static_cast<int>(kLongest);
    const std::int64_t ms = ((until - now).ns + 999'999) / 1'000'000;  // rounded up: never wake too early
    return static_cast<int>(std::min(ms, kLongest));
}

}  // namespace

EpollLoop::EpollLoop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), wall_offset_(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC)) {
    CHECK(epoll_.valid());
}

EpollLoop::~EpollLoop() = default;

Instant EpollLoop::now() const { return {clock_ns(CLOCK_MONOTONIC) + wall_offset_}; }

Token EpollLoop::add(int fd, Source source) {
    const Token token = ++last_token_;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = token;
    CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
    auto shared = std::make_shared<Source>(std::move(source));
    if (shared->drain) edges_.emplace(token, shared);
    sources_.emplace(token, std::move(shared));
    return token;
}

Token EpollLoop::on_readable(int fd, Handler handler) { return add(fd, {fd, std::move(handler), nullptr}); }

Token EpollLoop::on_edge(int fd, std::function<bool()> drain) { return add(fd, {fd, nullptr, std::move(drain)}); }

Token EpollLoop::at(Instant when, Handler handler) {
    timers_.add(++last_token_, when, std::move(handler));
    return last_token_;
}

void EpollLoop::cancel(Token token) {
    timers_.cancel(token);
    const auto it = sources_.find(token);
    if (it == sources_.end()) return;
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, it->second->fd, nullptr);
    edges_.erase(token);
    sources_.erase(it);
}

bool EpollLoop::drain_edges() {
    std::vector<std::pair<Token, std::shared_ptr<Source>>> edges(edges_.begin(), edges_.end());
    bool more = false;
    for (const auto& [token, source] : edges) {
        if (edges_.count(token) != 0 && source->drain()) more = true;
    }
    return more;
}

// Edges come last before the sleep: whatever ran before may have swallowed their hint.
bool EpollLoop::work() {
    timers_.run(now());
    return !stopped_ && drain_edges();
}

void EpollLoop::sleep(Instant deadline) {
    std::array<epoll_event, 256> events{};
    const int timeout = wait_ms(now(), std::min(deadline, timers_.next()));
    const int n = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
    CHECK(n >= 0 || errno == EINTR);
    for (int i = 0; i < n && !stopped_; ++i) {
        const auto it = sources_.find(events[static_cast<std::size_t>(i)].data.u64);
        if (it == sources_.end() || !it->second->readable) continue;
        const std::shared_ptr<Source> source = it->second;
        source->readable();
    }
}

void EpollLoop::run() {
    rounds([] { return false; }, kNever);
}

bool EpollLoop::run_until(const std::function<bool()>& done, Duration limit) { return rounds(done, now() + limit); }

bool EpollLoop::rounds(const std::function<bool()>& done, Instant deadline) {
    stopped_ = false;
    while (!done()) {
        const bool more = work();
        // Asked again before the sleep: the work may have done it.
        if (done()) return true;
        if (stopped_ || now() >= deadline) return false;
        sleep(more ? Instant{} : deadline);
    }
    return true;
}

}  // namespace drover::rt
