// Bridge: how other threads reach the loop. A bounded queue of jobs, an eventfd that wakes the loop.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "rt/loop.hpp"

namespace drover::http {

class Bridge {
   public:
    static constexpr std::size_t kMaxQueue = 256;

    // Constructed and destroyed on the loop's thread.
    explicit Bridge(rt::Loop& loop);
    ~Bridge();
    Bridge(const Bridge&) = delete;
    Bridge& operator=(const Bridge&) = delete;

    // From any thread: `job` will run on the loop's thread, in the order of posting. False, and `job` never runs, when
    // the queue is full or closed.
    bool post(std::function<void()> job);

    // Runs what was posted and takes no more. On the loop's thread.
    void close();

   private:
    void drain();

    rt::Loop& loop_;
    UniqueFd event_;
    rt::Token token_ = 0;
    std::mutex mutex_;
    std::deque<std::function<void()>> queue_;
    bool closed_ = false;
};

// From any thread but the loop's: runs `start` on the loop with a function that delivers the result, and waits for it.
// The result's place is shared, so a delivery that comes too late finds it.
template <class T>
Result<T> on_loop(Bridge& bridge, Duration limit, std::function<void(std::function<void(Result<T>)>)> start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto result = promise->get_future();
    const bool posted = bridge.post([promise, start = std::move(start)] {
        start([promise](Result<T> value) { promise->set_value(std::move(value)); });
    });
    if (!posted) return fail(ErrorKind::unavailable, "The service is overloaded or stopping; ask again in a moment.");
    if (result.wait_for(std::chrono::nanoseconds(limit.ns)) != std::future_status::ready) {
        return fail(ErrorKind::unavailable, "The service did not get to this request in time; ask again in a moment.");
    }
    return result.get();
}

}  // namespace drover::http
