#include "driver-manager/allocdir/sweeper.hpp"

#include <utility>

#include "driver-manager/allocdir/alloc_dir.hpp"

namespace drover::allocdir {

Sweeper::Sweeper(std::vector<std::string> roots, std::function<void(const Error&)> failed)
    : roots_(std::move(roots)), failed_(std::move(failed)), thread_([this] { work(); }) {}

Sweeper::~Sweeper() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    called_.notify_one();
    thread_.join();
}

void Sweeper::sweep() {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = true;
    }
    called_.notify_one();
}

void Sweeper::work() {
    const auto over = [this] {
        const std::lock_guard lock(mutex_);
        return over_;
    };
    while (true) {
        {
            std::unique_lock lock(mutex_);
            called_.wait(lock, [this] { return over_ || wanted_; });
            if (over_) return;
            wanted_ = false;
        }
        for (const std::string& root : roots_)
            if (const Result<void> emptied = empty_trash(root, over); !emptied) failed_(emptied.error());
    }
}

}  // namespace drover::allocdir
