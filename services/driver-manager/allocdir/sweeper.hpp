// Sweeper: removes what lies in the trash of some roots, in a thread of its own, so that nobody waits for the disk
// meanwhile.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"

namespace drover::allocdir {

class Sweeper {
   public:
    // `failed` hears, in the sweeper's thread, that something could not be removed; it waits for the next sweep.
    Sweeper(std::vector<std::string> roots, std::function<void(const Error&)> failed);
    // Waits for the entry of the trash that is just being removed; the others stay.
    ~Sweeper();
    Sweeper(const Sweeper&) = delete;
    Sweeper& operator=(const Sweeper&) = delete;

    // Whatever is in the trash by now goes soon.
    void sweep();

   private:
    void work();

    const std::vector<std::string> roots_;
    const std::function<void(const Error&)> failed_;
    std::mutex mutex_;
    std::condition_variable called_;
    bool wanted_ = false;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace drover::allocdir
