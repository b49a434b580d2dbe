#include <gtest/gtest.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <random>
#include <vector>

#include "base/unique_fd.hpp"
#include "rt/epoll_loop.hpp"
#include "rt/signals.hpp"
#include "rt/sim_loop.hpp"

namespace drover::rt {
namespace {

// Written once against Loop; both loops must run it.
struct Heartbeat {
    explicit Heartbeat(Loop& l) : loop(l) { arm(); }
    void arm() {
        loop.at(loop.now() + milliseconds(1), [this] {
            ++beats;
            arm();
        });
    }
    Loop& loop;
    int beats = 0;
};

TEST(Loop, TheSameShellRunsOnRealAndOnVirtualTime) {
    SimLoop sim;
    Heartbeat virtual_beat(sim);
    sim.run_for(minutes(5));
    EXPECT_EQ(virtual_beat.beats, 300'000);

    EpollLoop real;
    Heartbeat real_beat(real);
    EXPECT_TRUE(real.run_until([&] { return real_beat.beats >= 5; }, seconds(5)));
}

TEST(Loop, TimersRunInOrderUnderRandomCancels) {
    SimLoop loop;
    std::mt19937 random(1);
    std::vector<Instant> ran;
    std::vector<Token> tokens;
    for (int i = 0; i < 10'000; ++i) {
        const Instant when = loop.now() + microseconds(static_cast<std::int64_t>(random() % 1'000'000));
        tokens.push_back(loop.at(when, [&ran, when] { ran.push_back(when); }));
        if (random() % 3 == 0) loop.cancel(tokens[random() % tokens.size()]);
    }
    loop.run_for(seconds(2));
    EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
    EXPECT_GT(ran.size(), 5'000U);
}

TEST(EpollLoop, ACancelledSourceIsSilentAtOnceEvenFromItsOwnHandler) {
    EpollLoop loop;
    UniqueFd fd(eventfd(1, EFD_CLOEXEC));
    int calls = 0;
    Token token = 0;
    token = loop.on_readable(fd.get(), [&] {
        ++calls;
        loop.cancel(token);
    });
    EXPECT_FALSE(loop.run_until([&] { return calls > 1; }, milliseconds(20)));
    EXPECT_EQ(calls, 1);
}

TEST(EpollLoop, AnEdgeSourceThatSaysMoreIsAskedAgainWithoutSleeping) {
    EpollLoop loop;
    UniqueFd fd(eventfd(0, EFD_CLOEXEC));  // never readable: only the drain callback can make progress
    int left = 1'000;
    loop.on_edge(fd.get(), [&] { return left > 0 && --left > 0; });
    EXPECT_TRUE(loop.run_until([&] { return left == 0; }, seconds(5)));
}

// As a pidfd does that a child holds a copy of: closing ours alone would leave it in the epoll set for as long.
TEST(EpollLoop, ADescriptorThatAnotherProcessStillHoldsWakesNobodyOnceItIsCancelled) {
    EpollLoop loop;
    UniqueFd fd(eventfd(1, EFD_CLOEXEC));
    const UniqueFd copy(dup(fd.get()));
    const UniqueFd quiet(eventfd(0, EFD_CLOEXEC));
    int heard = 0;
    const Token token = loop.on_readable(fd.get(), [&] { ++heard; });
    ASSERT_TRUE(loop.run_until([&] { return heard > 0; }, seconds(5)));
    loop.cancel(token);
    fd.reset();
    int rounds = 0;
    loop.on_edge(quiet.get(), [&] {
        ++rounds;
        return false;
    });
    loop.run_until([] { return false; }, milliseconds(100));
    EXPECT_LT(rounds, 20);
}

TEST(EpollLoop, AReadableDescriptorStaysReadableUntilItIsRead) {
    EpollLoop loop;
    UniqueFd fd(eventfd(1, EFD_CLOEXEC));
    int calls = 0;
    const Token token = loop.on_readable(fd.get(), [&] { ++calls; });
    EXPECT_TRUE(loop.run_until([&] { return calls >= 3; }, seconds(5)));
    loop.cancel(token);
}

TEST(SignalWatch, ABlockedSignalArrivesAsAnEvent) {
    block_signals({SIGUSR1});
    EpollLoop loop;
    int got = 0;
    const SignalWatch watch(loop, {SIGUSR1}, [&](int s) { got = s; });
    kill(getpid(), SIGUSR1);
    EXPECT_TRUE(loop.run_until([&] { return got == SIGUSR1; }, seconds(5)));
}

}  // namespace
}  // namespace drover::rt
