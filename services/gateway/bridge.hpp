// Bridge: how other threads reach the loop. A bounded queue of jobs, an eventfd that wakes the loop.
#pragma once

#include <deque>
#include <functional>
#include <mutex>

#include "base/unique_fd.hpp"
#include "rt/loop.hpp"

namespace drover::gateway {

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

}  // namespace drover::gateway
