#include "http/bridge.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "http/hints.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::http {
namespace {

TEST(Bridge, JobsOfOtherThreadsRunOnTheLoopInTheirOrder) {
    rt::EpollLoop loop;
    Bridge bridge(loop);
    const auto loop_thread = std::this_thread::get_id();
    std::vector<int> ran;
    bool same_thread = true;
    std::thread other([&] {
        for (int i = 0; i < 100; ++i) {
            EXPECT_TRUE(bridge.post([&, i] {
                ran.push_back(i);
                same_thread = same_thread && std::this_thread::get_id() == loop_thread;
            }));
        }
    });
    EXPECT_TRUE(loop.run_until([&] { return ran.size() == 100; }, seconds(5)));
    other.join();
    EXPECT_TRUE(same_thread);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
}

TEST(Bridge, AFullQueueRefusesInsteadOfGrowing) {
    rt::EpollLoop loop;
    Bridge bridge(loop);
    std::size_t ran = 0;
    for (std::size_t i = 0; i < Bridge::kMaxQueue; ++i) EXPECT_TRUE(bridge.post([&] { ++ran; }));
    EXPECT_FALSE(bridge.post([&] { ++ran; }));
    EXPECT_TRUE(loop.run_until([&] { return ran == Bridge::kMaxQueue; }, seconds(5)));
    EXPECT_TRUE(bridge.post([&] { ++ran; }));
}

TEST(Bridge, ClosingRunsWhatWasPostedAndTakesNoMore) {
    rt::EpollLoop loop;
    Bridge bridge(loop);
    int ran = 0;
    EXPECT_TRUE(bridge.post([&] { ++ran; }));
    bridge.close();
    EXPECT_EQ(ran, 1);
    EXPECT_FALSE(bridge.post([&] { ++ran; }));
}

TEST(Hints, AWaiterWakesForAHintThatCameBeforeItWaited) {
    Hints hints;
    const std::uint64_t seen = hints.count();
    hints.add();
    hints.wait(seen, seconds(60));
    EXPECT_EQ(hints.count(), seen + 1);
}

TEST(Hints, ClosingEndsEveryWait) {
    Hints hints;
    std::thread waiter([&] { hints.wait(hints.count(), seconds(60)); });
    std::thread pauser([&] { hints.pause(seconds(60)); });
    hints.close();
    waiter.join();
    pauser.join();
    EXPECT_TRUE(hints.closed());
}

}  // namespace
}  // namespace drover::http
