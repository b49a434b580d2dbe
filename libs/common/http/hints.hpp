// Hints: tells streaming threads that new events exist, and when to stop waiting. Usable from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/time.hpp"

namespace drover::http {

class Hints {
   public:
    std::uint64_t count();
    void add();
    // Returns once the count differs from `seen`, after close(), or after `limit`.
    void wait(std::uint64_t seen, Duration limit);
    // Returns after close() or after `limit`.
    void pause(Duration limit);

    void close();
    bool closed();

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t count_ = 0;
    bool closed_ = false;
};

}  // namespace drover::http
