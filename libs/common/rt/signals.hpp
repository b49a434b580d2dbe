// Signals as readable events. Blocked first thing in main, before any thread exists, so that every thread inherits it.
#pragma once

#include <functional>
#include <initializer_list>

#include "base/unique_fd.hpp"
#include "rt/loop.hpp"

namespace drover::rt {

// Blocks `signals` for the calling thread and all it starts later; SIGPIPE is ignored.
void block_signals(std::initializer_list<int> signals);

// Hears blocked signals on a loop.
class SignalWatch {
   public:
    SignalWatch(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> handler);
    ~SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

   private:
    Loop& loop_;
    UniqueFd fd_;
    Token token_ = 0;
};

}  // namespace drover::rt
