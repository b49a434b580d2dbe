// A monitor that has stopped: a process of its own, so that it stops as a whole, with every queue on its side.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "base/check.hpp"
#include "base/unique_fd.hpp"
#include "bus/tap.hpp"
#include "bus/zmq_test.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::bus {
namespace {

constexpr Duration kLimit = seconds(20);
// Together many times what the tap queues for one monitor and what the kernel holds between the two.
constexpr int kRounds = 400;
constexpr int kInRound = 50;
const std::string kPayload(1000, 'x');

// Taps everything. Made before this process has a thread.
class Monitor {
   public:
    explicit Monitor(const std::string& endpoint) {
        int ends[2];
        CHECK(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
        heard_ = UniqueFd(ends[0]);
        const UniqueFd says(ends[1]);
        pid_ = ::fork();
        CHECK(pid_ >= 0);
        if (pid_ == 0) listen(endpoint, says.get());
    }
    ~Monitor() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    bool has_heard() const {
        char byte = 0;
        return ::read(heard_.get(), &byte, 1) == 1;
    }
    void stop() const {
        ::kill(pid_, SIGSTOP);
        int status = 0;
        CHECK(::waitpid(pid_, &status, WUNTRACED) == pid_ && WIFSTOPPED(status));
    }

   private:
    [[noreturn]] static void listen(const std::string& endpoint, int says) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        auto tap = Tap::open({endpoint}, "");
        std::string topic;
        std::string payload;
        while (tap)
            if ((*tap)->next(topic, payload, seconds(1))) (void)!::write(says, "x", 1);
        ::_exit(1);
    }

    UniqueFd heard_;
    pid_t pid_ = -1;
};

struct Heard {
    int count = 0;
    bool in_order = true;
    void hear(std::string_view topic) {
        in_order = in_order && topic == "v1/n/" + std::to_string(count) + "/";
        ++count;
    }
};

TEST(ZmqTap, AMonitorThatHasStoppedReadingHoldsNobodyUp) {
    const std::string voice_at = ipc("voice");
    const std::string tap_at = ipc("tap");
    const Monitor stopped(tap_at);

    rt::EpollLoop loop;
    // A tap does not wake the loop, so it looks again by itself.
    std::function<void()> tick = [&] { loop.at(loop.now() + milliseconds(1), tick); };
    tick();
    auto speaker = ZmqTransport::open(loop, {.bind = {voice_at}, .tap = {tap_at}, .peers = {}, .curve = {}});
    auto peer = ZmqTransport::open(loop, {.bind = {ipc("peer")}, .tap = {}, .peers = {voice_at}, .curve = {}});
    auto reading = Tap::open({tap_at}, "v1/");
    ASSERT_TRUE(speaker && peer && reading);
    Heard by_peer;
    bool joined = false;
    (*peer)->on_message([&](std::string_view topic, std::string_view) {
        joined = true;
        if (topic.starts_with("v1/n/")) by_peer.hear(topic);
    });
    (*peer)->subscribe("v1/");
    std::string topic;
    std::string payload;
    bool stopped_hears = false;
    bool reading_hears = false;
    ASSERT_TRUE(loop.run_until(
        [&] {
            (*speaker)->publish("v1/hello/", "");
            stopped_hears = stopped_hears || stopped.has_heard();
            reading_hears = (*reading)->next(topic, payload, milliseconds(1)) || reading_hears;
            return stopped_hears && reading_hears && joined;
        },
        kLimit));

    stopped.stop();
    Heard by_monitor;
    for (int round = 0; round < kRounds; ++round) {
        for (int i = 0; i < kInRound; ++i)
            (*speaker)->publish("v1/n/" + std::to_string(round * kInRound + i) + "/", kPayload);
        ASSERT_TRUE(loop.run_until(
            [&] {
                while (by_monitor.count < (round + 1) * kInRound && (*reading)->next(topic, payload, milliseconds(1)))
                    if (topic.starts_with("v1/n/")) by_monitor.hear(topic);
                return by_monitor.count == (round + 1) * kInRound && by_peer.count == by_monitor.count;
            },
            kLimit))
            << "round " << round << ": " << by_monitor.count << " and " << by_peer.count;
    }
    EXPECT_TRUE(by_peer.in_order);
    EXPECT_TRUE(by_monitor.in_order);
}

}  // namespace
}  // namespace drover::bus
