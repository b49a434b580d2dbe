// Mistakes that such rules are easily made with, each by the promise that it broke. Chaos found them; these need no
// luck.
#include <gtest/gtest.h>

#include <set>

#include "bus/exchange.hpp"
#include "bus/sim_transport.hpp"
#include "bus/window.hpp"
#include "rt/sim_loop.hpp"
#include "wire/codec.hpp"

namespace drover::bus {
namespace {

// One stream from "s-0" to "r-0", under virtual time.
struct Objects : Follower {
    std::map<std::string, std::string> all;
    void on_reset(const std::string&, const std::string&) override { all.clear(); }
    void on_record(const std::string&, const std::string&, const wire::Record& record) override {
        if (record.erased)
            all.erase(record.key);
        else
            all[record.key] = record.body;
    }
    void on_complete(const std::string&, const std::string&) override {}
};

struct Speaker {
    explicit Speaker(rt::Loop& loop, SimNetwork& network, const std::string& boot = "b", std::uint64_t epoch = 7)
        : feed(epoch), port(network.join()), exchange(loop, *port, {"s-0", "sender", boot}) {
        exchange.offer("things", feed);
    }
    void put(std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) feed.put(std::to_string(i), "Thing", "x");
        exchange.changed("things");
    }
    KeyedFeed feed;
    std::unique_ptr<Transport> port;
    Exchange exchange;
};

struct Listener {
    Listener(rt::Loop& loop, SimNetwork& network, const std::string& boot)
        : port(network.join()), exchange(loop, *port, {"r-0", "receiver", boot}) {
        exchange.follow("things", objects);
    }
    Objects objects;
    std::unique_ptr<Transport> port;
    Exchange exchange;
};

class Lessons : public testing::Test {
   protected:
    bool all_heard(const Listener& listener, Duration limit) {
        return loop_.run_until([&] { return listener.objects.all.size() == speaker_.feed.size(); }, limit);
    }
    // A way of so much in each direction.
    void set_way(Duration way) {
        network_.set_faults({.loss = 0, .duplication = 0, .delay_min = way, .delay_max = way});
    }

    rt::SimLoop loop_;
    SimNetwork network_{loop_, 1};
    Speaker speaker_{loop_, network_};
};

// The time since the last progress must not be begun anew by each complaint.
TEST_F(Lessons, WhoComplainsAllTheTimeIsNeitherStarvedNorFlooded) {
    KeyedFeed feed(1);
    feed.put("a", "K", "x");
    Window window;
    Instant now{1'000};
    window.report(now, 0, true);
    EXPECT_TRUE(window.next(now, feed));
    int sent = 0;
    for (int i = 0; i < 1'000; ++i) {
        now = now + milliseconds(10);
        window.report(now, 0, true);
        while (window.next(now, feed)) ++sent;
    }
    EXPECT_GE(sent, 4);
    EXPECT_LE(sent, 10);
}

// Not one envelope, then its answer, then the next.
TEST_F(Lessons, ALongReplayIsNotHeldUpByTheWayOfItsAnswers) {
    set_way(milliseconds(5));
    speaker_.put(0, 20'000);
    const Listener listener(loop_, network_, "b");
    EXPECT_TRUE(all_heard(listener, seconds(1)));
}

// What is known of a receiver belongs to one life of it.
TEST_F(Lessons, AReceiversNewLifeIsServedFromItsOwnPositionWhateverIsStillOnItsWayFromTheOld) {
    speaker_.put(0, 2'000);
    std::set<std::string> lives;
    std::string last_words;
    const auto spy = network_.join();
    spy->on_message([&](std::string_view, std::string_view payload) { last_words = payload; });
    spy->subscribe("v1/vector/receiver/");
    auto listener = std::make_unique<Listener>(loop_, network_, "first");
    ASSERT_TRUE(all_heard(*listener, seconds(5)));
    loop_.run_for(seconds(2));
    const std::string old = last_words;
    listener.reset();
    listener = std::make_unique<Listener>(loop_, network_, "second");
    loop_.run_for(milliseconds(1));
    speaker_.exchange.on_vector([&](const Peer& peer, const wire::Vector&) { lives.insert(peer.boot); });
    spy->publish("v1/vector/receiver/r-0/", old);
    EXPECT_TRUE(all_heard(*listener, seconds(5)));
    for (int i = 0; i < 10; ++i) {
        spy->publish("v1/vector/receiver/r-0/", old);
        loop_.run_for(milliseconds(300));
    }
    EXPECT_EQ(lives, std::set<std::string>{"second"}) << "a lease must not go back to who is dead";
}

// Whoever begins when a peer has just begun anew may hear the last words of its old life after the first of the new.
// Taken for a still newer life, they left it deaf to the one that lives.
TEST_F(Lessons, LastWordsThatComeLateDeafenNobodyToTheLifeThatGoesOn) {
    std::vector<std::pair<std::string, std::string>> last_words;
    const auto spy = network_.join();
    spy->on_message([&](std::string_view topic, std::string_view payload) { last_words.emplace_back(topic, payload); });
    spy->subscribe("v1/vector/sender/");
    spy->subscribe("v1/things/");
    auto old = std::make_unique<Speaker>(loop_, network_, "old", 8);
    old->put(0, 3);
    loop_.run_for(milliseconds(100));
    ASSERT_FALSE(last_words.empty());
    const auto late = std::exchange(last_words, {});
    old.reset();
    std::size_t said = 0;
    for (const bool vectors_first : {true, false}) {
        const Listener listener(loop_, network_, vectors_first ? "first" : "second");
        speaker_.put(said, said + 10);
        ASSERT_TRUE(all_heard(listener, seconds(2)));
        for (const auto& [topic, payload] : late)
            if (topic.starts_with("v1/vector/") == vectors_first) spy->publish(topic, payload);
        for (const auto& [topic, payload] : late)
            if (topic.starts_with("v1/vector/") != vectors_first) spy->publish(topic, payload);
        loop_.run_for(milliseconds(1));
        speaker_.put(said + 10, said + 20);
        said += 20;
        EXPECT_TRUE(all_heard(listener, seconds(2)));
        EXPECT_TRUE(listener.exchange.complete("s-0", "things"));
    }
}

// By a clock, and not by what is said: the limit that is reached would stop that.
TEST_F(Lessons, PeersThatAreGoneMakeRoomAlsoWhereNothingIsSaid) {
    const auto crowd = network_.join();
    wire::Vector vector;
    vector.role = "receiver";
    for (int i = 0; i < 3'000; ++i) {
        wire::Envelope envelope;
        envelope.from = "gone-" + std::to_string(i);
        envelope.boot = "b";
        envelope.stream = "vector";
        envelope.records.push_back({1, "Vector", envelope.from, false, wire::encode(vector)});
        crowd->publish("v1/vector/receiver/" + envelope.from + "/", wire::encode(envelope));
    }
    speaker_.put(0, 10);
    loop_.run_for(seconds(1));
    EXPECT_GT(speaker_.exchange.counters().refused, 0U) << "there is a limit";
    loop_.run_for(minutes(11));
    const Listener listener(loop_, network_, "b");
    EXPECT_TRUE(all_heard(listener, seconds(5)));
}

// Less patience than the way there and back takes must not mean that everything is sent again and again.
TEST_F(Lessons, ASlowAnswerIsNotTakenForALoss) {
    set_way(milliseconds(250));
    speaker_.put(0, 20'000);
    const Listener listener(loop_, network_, "b");
    EXPECT_TRUE(all_heard(listener, minutes(1)));
    EXPECT_LT(speaker_.exchange.counters().replayed, 24'000U);
}

// What is erased is forgotten some day, whoever listens; who was away then is told to start anew.
TEST_F(Lessons, WhoWasAwayWhileErasuresWereForgottenKeepsNoGhosts) {
    const std::size_t many = KeyedFeed::kMaxTombstones + 1'000;
    speaker_.put(0, many);
    const Listener listener(loop_, network_, "b");
    ASSERT_TRUE(all_heard(listener, seconds(10)));
    network_.set_faults({.loss = 1});
    for (std::size_t i = 0; i < many - 5; ++i) speaker_.feed.erase(std::to_string(i));
    speaker_.put(many, many + 5);
    loop_.run_for(seconds(30));
    EXPECT_EQ(listener.objects.all.size(), many);
    network_.set_faults({});
    EXPECT_TRUE(all_heard(listener, seconds(10)));
    EXPECT_TRUE(listener.exchange.complete("s-0", "things"));
}

TEST_F(Lessons, AMessageThatIsTooLongNeverLeavesItsSender) {
    std::size_t longest = 0;
    const auto spy = network_.join();
    spy->on_message([&](std::string_view, std::string_view payload) { longest = std::max(longest, payload.size()); });
    spy->subscribe("v1/things/");
    speaker_.feed.put("long", "Thing", std::string(2 << 20, 'x'));
    speaker_.exchange.changed("things");
    loop_.run_for(seconds(5));
    EXPECT_EQ(longest, 0U);
    EXPECT_GT(speaker_.exchange.counters().too_long, 0U);
}

}  // namespace
}  // namespace drover::bus
