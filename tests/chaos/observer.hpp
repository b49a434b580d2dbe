// Observer: looks at /proc again and again, and knows which tasks live; it believes nobody else.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace drover::chaos {

struct Process {
    pid_t pid = 0;
    std::uint64_t start = 0;  // tells it from a later one with its pid
    friend auto operator<=>(const Process&, const Process&) = default;
};

// By "<alloc>.<task>".
using Living = std::map<std::string, Process>;

class Observer {
   public:
    // Tasks are the processes that have `marker` as their first argument and tell their names in their environment.
    explicit Observer(std::string marker);
    ~Observer();
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;

    // As of now: looks anew.
    Living living();
    // Of every sample so far: two live processes of one task, one sentence each.
    std::vector<std::string> offences() const;
    std::uint64_t samples() const;

   private:
    struct Known {
        std::uint64_t start = 0;
        std::string task;  // empty: not a task, or not yet
        int looks = 0;
    };

    void look();
    Known look_at(pid_t pid, std::uint64_t start) const;
    void note(const std::string& task, Process process);

    std::string marker_;
    mutable std::mutex mutex_;
    std::map<pid_t, Known> known_;
    Living living_;
    std::map<std::string, std::string> offences_;  // by task
    std::uint64_t samples_ = 0;
    std::atomic<bool> over_{false};
    std::thread thread_;
};

}  // namespace drover::chaos
