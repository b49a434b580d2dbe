// ConnectionPool: the threads that serve connections. Made as they are needed, never more than the bound; beyond it the
// acceptor waits, and the kernel's backlog holds who is not accepted yet. Included by server.cpp only.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace drover::http {

class ConnectionPool : public httplib::TaskQueue {
   public:
    explicit ConnectionPool(std::size_t limit) : limit_(limit) {}

    void enqueue(std::function<void()> job) override {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return jobs_.size() < idle_ || threads_.size() < limit_; });
        jobs_.push_back(std::move(job));
        if (jobs_.size() > idle_) threads_.emplace_back([this] { serve(); });
        changed_.notify_all();
    }

    void shutdown() override {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
            changed_.notify_all();
        }
        for (std::thread& thread : threads_) thread.join();
    }

   private:
    void serve() {
        std::unique_lock lock(mutex_);
        while (true) {
            ++idle_;
            changed_.notify_all();
            changed_.wait(lock, [&] { return ending_ || !jobs_.empty(); });
            --idle_;
            if (jobs_.empty()) return;
            const std::function<void()> job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            job();
            lock.lock();
        }
    }

    const std::size_t limit_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0;
    bool ending_ = false;
};

}  // namespace drover::http
