#include "relay.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "bus/zmq_transport.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::chaos {
namespace {

class RelayTest : public testing::Test {
   protected:
    RelayTest() {
        EXPECT_NE(mkdtemp(dir_), nullptr);
        const std::string at = std::string("ipc://") + dir_;
        relay_ = std::make_unique<Relay>(std::vector<Way>{{"speaker", "hearer", at + "/voice", at + "/way"}}, 1);
        auto speaker = bus::ZmqTransport::open(loop_, {{at + "/voice"}, {}, {}, {}});
        auto hearer = bus::ZmqTransport::open(loop_, {{at + "/ears"}, {}, {at + "/way"}, {}});
        EXPECT_TRUE(speaker && hearer);
        speaker_ = std::move(*speaker);
        hearer_ = std::move(*hearer);
        hearer_->subscribe("v1/wanted/");
        hearer_->on_message([this](std::string_view topic, std::string_view) {
            ++heard_;
            unwanted_ = unwanted_ || topic != "v1/wanted/x/";
        });
    }
    ~RelayTest() override { std::filesystem::remove_all(dir_); }

    // Speaks again and again until so much was heard, or the time is over.
    bool hears(int times, Duration limit) {
        const int wanted = heard_ + times;
        return loop_.run_until(
            [&] {
                speaker_->publish("v1/wanted/x/", "1");
                speaker_->publish("v1/other/x/", "1");
                ++spoken_;
                return heard_ >= wanted;
            },
            limit);
    }

    char dir_[32] = "/tmp/drover-relay-XXXXXX";
    rt::EpollLoop loop_;
    std::unique_ptr<Relay> relay_;
    std::unique_ptr<bus::Transport> speaker_;
    std::unique_ptr<bus::Transport> hearer_;
    int heard_ = 0;
    int spoken_ = 0;
    bool unwanted_ = false;
};

TEST_F(RelayTest, SubscriptionsPassOneWayAndWhatWasSubscribedToTheOther) {
    // Woken by a timer of its own, because a loop without news sleeps.
    std::function<void()> tick = [&] { loop_.at(loop_.now() + milliseconds(5), tick); };
    tick();
    EXPECT_TRUE(hears(10, seconds(20)));
    EXPECT_FALSE(unwanted_);

    relay_->cut("hearer", "speaker");
    loop_.run_until([] { return false; }, milliseconds(200));  // what is on its way arrives
    const auto lost = relay_->counters().lost;
    EXPECT_FALSE(hears(1, milliseconds(500)));
    EXPECT_GT(relay_->counters().lost, lost);
    relay_->heal();
    EXPECT_TRUE(hears(10, seconds(20)));

    relay_->set({.loss = 50, .held = 50, .repeated = 50, .longest_hold = milliseconds(1)});
    EXPECT_TRUE(hears(50, seconds(20)));
    const Relay::Counters counters = relay_->counters();
    EXPECT_GT(counters.held, 0U);
    EXPECT_GT(counters.repeated, 0U);
    EXPECT_GT(counters.lost, lost);
}

}  // namespace
}  // namespace drover::chaos
