#include "driver-manager/shell/log_pump.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bus/sim_transport.hpp"
#include "driver-manager/shell/agent.hpp"
#include "driver-manager/shell/fake_hands.hpp"
#include "rt/sim_loop.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

using testing::ElementsAre;

// A driver-manager with one task, and a monitor.
class LogPumpTest : public testing::Test {
   protected:
    LogPumpTest() {
        wire::TaskCommand command;
        command.job = "shop";
        command.alloc = "a1";
        command.task = "web";
        command.term = 1;
        command.seq = 1;
        command.verb = wire::Verb::run;
        EXPECT_EQ(inventory_.command(command).refused, "");
        monitor_->on_message([this](std::string_view topic, std::string_view payload) {
            const auto envelope = wire::decode<wire::Envelope>(payload);
            if (!topic.starts_with("v1/task/log/") || !envelope) return;
            heard_.push_back(wire::decode<wire::TaskOutput>(envelope->records.at(0).body).value());
        });
        hands_.logs["web"] = "before\n";
        pump_.start();
        wait();
    }

    void wait() { loop_.run_for(LogPump::kPoll * 2); }

    std::vector<std::string> texts() const {
        std::vector<std::string> out;
        for (const wire::TaskOutput& output : heard_) out.push_back(output.data);
        return out;
    }

    rt::SimLoop loop_;
    bus::SimNetwork network_{loop_, 1};
    std::unique_ptr<bus::Transport> port_ = network_.join(), monitor_ = network_.join();
    bus::Exchange exchange_{loop_, *port_, {"n1", "driver-manager", "b1"}};
    Inventory inventory_;
    FakeHands hands_;
    LogPump pump_{loop_, exchange_, inventory_, hands_, "n1"};
    std::vector<wire::TaskOutput> heard_;
};

TEST_F(LogPumpTest, ALogThatNobodyListensToIsNotEvenLookedAt) {
    EXPECT_EQ(hands_.log_reads, 0);
    monitor_->subscribe("v1/task/log/shop/a1/other/");
    monitor_->subscribe("v1/task/stats/");
    wait();
    EXPECT_EQ(hands_.log_reads, 0);
    EXPECT_EQ(pump_.pumped(), 0U);
}

TEST_F(LogPumpTest, WhoListensHearsWhatComesFromThenOnWithoutAHole) {
    monitor_->subscribe("v1/task/log/shop/a1/web/stdout/");
    wait();
    EXPECT_EQ(pump_.pumped(), 1U) << "only this one of the two streams";
    hands_.logs["web"] += "one\n";
    wait();
    hands_.logs["web"] += "two\n";
    wait();
    EXPECT_THAT(texts(), ElementsAre("one\n", "two\n"));
    EXPECT_EQ(heard_[0].offset, 7U);
    EXPECT_EQ(heard_[1].offset, 11U);
    EXPECT_EQ(heard_[0].job, "shop");
    EXPECT_EQ(heard_[0].node, "n1");
    EXPECT_EQ(heard_[0].stream, "stdout");
}

TEST_F(LogPumpTest, ALogWithoutNewsIsLookedAtAndNotRead) {
    monitor_->subscribe("v1/task/log/");
    wait();
    const int reads = hands_.log_reads;
    loop_.run_for(minutes(1));
    EXPECT_EQ(hands_.log_reads, reads);
    hands_.logs["web"] += "news\n";
    wait();
    EXPECT_THAT(texts(), ElementsAre("news\n", "news\n")) << "of both streams";
}

TEST_F(LogPumpTest, MuchAtOnceComesInPieces) {
    monitor_->subscribe("v1/task/log/");
    wait();
    EXPECT_EQ(pump_.pumped(), 2U);
    const std::string much(100'000, 'x');
    hands_.logs["web"] += much;
    wait();
    std::string out;
    for (const wire::TaskOutput& output : heard_) out += output.stream == "stdout" ? output.data : "";
    EXPECT_EQ(out, much);
}

TEST_F(LogPumpTest, TasksAtRestAreReadToTheirEndAndThenLeftAlone) {
    const auto report = [&](std::uint64_t seq, wire::RunPhase phase) {
        wire::IncarnationObserved state;
        state.seq = seq;
        state.id = "i" + std::to_string(seq);
        state.phase = phase;
        EXPECT_EQ(inventory_.report({"a1", "web"}, state).refused, "");
    };
    monitor_->subscribe("v1/task/log/shop/a1/web/stdout/");
    wait();
    report(1, wire::RunPhase::running);
    hands_.logs["web"] += "last\n";
    report(1, wire::RunPhase::exited);
    wait();
    wait();
    EXPECT_THAT(texts(), ElementsAre("last\n"));
    const int reads = hands_.log_reads;
    loop_.run_for(minutes(1));
    EXPECT_EQ(hands_.log_reads, reads) << "nothing more can come";
    EXPECT_EQ(pump_.pumped(), 1U);
}

}  // namespace
}  // namespace drover::driver_manager
