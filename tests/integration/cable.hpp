// Cable: a network of its own for whatever is started in it, and a cable from there to here that can be cut and that
// can lose, delay and reorder packets. Made of two TUN devices and a thread between them, so that it does the same on
// every kernel, also where tc has no netem. For root only.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/time.hpp"
#include "base/unique_fd.hpp"

namespace drover::integration {

class Cable {
   public:
    // Of each direction.
    struct Quality {
        double lost = 0;  // share of the packets
        Duration delay;
        Duration jitter;  // up to as much more, so that packets pass each other
    };

    Cable();
    ~Cable();
    Cable(const Cable&) = delete;
    Cable& operator=(const Cable&) = delete;

    // Why there is none; empty when there is one.
    const std::string& error() const { return error_; }

    void cut() { cut_ = true; }
    void mend() { cut_ = false; }
    void set(const Quality& quality);

    // Packets that were passed on, and that the quality or a cut has cost.
    std::uint64_t passed() const { return passed_; }
    std::uint64_t lost() const { return lost_; }

    // What a command begins with that is to run at the other end.
    std::vector<std::string> enter() const;

    // 1: of this end, 2: of the other. Two tests at once must not be in each other's way.
    static std::string address(int end);

   private:
    struct Packet {
        int to;  // descriptor
        std::vector<char> bytes;
    };

    void run();
    void take(int from, int to);
    void pass_on_due();

    const std::string name_, here_, there_;
    std::string error_;
    UniqueFd here_fd_, there_fd_;
    std::mutex mutex_;  // of the quality
    Quality quality_;
    std::atomic<bool> cut_ = false;
    std::atomic<bool> ends_ = false;
    std::atomic<std::uint64_t> passed_ = 0, lost_ = 0;
    std::mt19937 random_{1};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same in every run
    std::multimap<Instant, Packet> under_way_;
    std::thread thread_;
};

}  // namespace drover::integration
