#include "driver-manager/shell/variable_feed.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "bus/sim_transport.hpp"
#include "rt/sim_loop.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

const templating::Reference kValue{templating::Source::variable, "db/main", "v"};

// A driver-manager that follows a state-store on a lossy network.
class VariableFeedTest : public testing::Test {
   protected:
    VariableFeedTest() {
        network_.set_faults({.loss = 0.1, .duplication = 0.1, .delay_max = milliseconds(5)});
        boot("s1", 1);
        feed_.start();
    }

    void boot(const std::string& name, std::uint64_t epoch) {
        kill();
        state_ = std::make_unique<bus::KeyedFeed>(epoch);
        store_transport_ = network_.join();
        store_ = std::make_unique<bus::Exchange>(loop_, *store_transport_,
                                                 bus::Exchange::Identity{"store", "state-store", name});
        store_->offer("state", *state_);
    }
    void kill() {
        store_.reset();
        store_transport_.reset();
    }
    void put(const std::string& value) {
        state_->put("variable/db/main", "VariableDesired",
                    wire::encode(wire::VariableDesired{"db/main", 1, {{"v", {value, ""}}}, {}}));
        store_->changed("state");
    }
    templating::Found found() const { return variables_.find(kValue); }
    bool soon(const std::function<bool()>& done) { return loop_.run_until(done, seconds(30)); }

    rt::SimLoop loop_;
    bus::SimNetwork network_{loop_, 7};
    std::unique_ptr<bus::KeyedFeed> state_;
    std::unique_ptr<bus::Transport> store_transport_;
    std::unique_ptr<bus::Exchange> store_;
    std::unique_ptr<bus::Transport> transport_ = network_.join();
    bus::Exchange exchange_{loop_, *transport_, {"n1", "driver-manager", "b"}};
    templates::Variables variables_{""};
    templates::Keeper keeper_{loop_, testing::TempDir(), variables_, {}};
    VariableFeed feed_{loop_, exchange_, variables_, keeper_};
};

TEST_F(VariableFeedTest, FollowsWhatTheStoreSays) {
    put("one");
    ASSERT_TRUE(soon([&] { return found().text == "one"; }));
    put("two");
    ASSERT_TRUE(soon([&] { return found().text == "two"; }));
    state_->erase("variable/db/main");
    store_->changed("state");
    ASSERT_TRUE(soon([&] { return found().state == templating::State::absent; }));
}

TEST_F(VariableFeedTest, AStoreThatIsSilentIsNotHeardUntilItSpeaksAgain) {
    put("one");
    ASSERT_TRUE(soon([&] { return variables_.heard(); }));
    loop_.run_for(minutes(1));
    EXPECT_TRUE(variables_.heard());
    kill();
    ASSERT_TRUE(soon([&] { return !variables_.heard(); }));
    EXPECT_EQ(found().state, templating::State::unknown);
    boot("s2", 2);
    put("two");
    ASSERT_TRUE(soon([&] { return found().text == "two"; }));
}

}  // namespace
}  // namespace drover::driver_manager
