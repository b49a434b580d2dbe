// EpollLoop: the real loop. One thread, level-triggered epoll. In each round: edge sources are drained, due timers run,
// then readable descriptors.
#pragma once

#include <memory>
#include <unordered_map>

#include "base/unique_fd.hpp"
#include "rt/loop.hpp"
#include "rt/timers.hpp"

namespace drover::rt {

class EpollLoop : public Loop {
   public:
    EpollLoop();
    ~EpollLoop() override;

    Instant now() const override;
    Token on_readable(int fd, Handler handler) override;
    Token on_edge(int fd, std::function<bool()> drain) override;
    Token at(Instant when, Handler handler) override;
    void cancel(Token token) override;

    // Runs until stop() is called.
    void run();
    // Ends run() after the current handler.
    void stop() { stopped_ = true; }
    // Runs until `done`, asked after every handler's round and before every sleep, or until `limit` has passed. Returns
    // what `done` says last.
    bool run_until(const std::function<bool()>& done, Duration limit);

   private:
    struct Source {
        int fd;
        Handler readable;
        std::function<bool()> drain;  // set for edge sources
    };

    bool rounds(const std::function<bool()>& done, Instant deadline);
    bool work();
    void sleep(Instant deadline);
    bool drain_edges();
    Token add(int fd, Source source);

    UniqueFd epoll_;
    std::int64_t wall_offset_;
    Token last_token_ = 0;
    bool stopped_ = false;
    Timers timers_;
    // Shared, so that a handler may cancel itself while it runs.
    std::unordered_map<Token, std::shared_ptr<Source>> sources_;
    std::unordered_map<Token, std::shared_ptr<Source>> edges_;
};

}  // namespace drover::rt
