// Exchange over the lossy simulated network.
#include "bus/exchange.hpp"

#include <gtest/gtest.h>

#include <random>

#include "bus/sim_transport.hpp"
#include "rt/sim_loop.hpp"

namespace drover::bus {
namespace {

struct Mirror : Follower {
    std::map<std::string, std::string> objects;
    std::vector<std::uint64_t> numbers;  // since the last reset
    int resets = 0;
    int completes = 0;

    void on_reset(const std::string&, const std::string&) override {
        ++resets;
        objects.clear();
        numbers.clear();
    }
    void on_record(const std::string&, const std::string&, const wire::Record& record) override {
        if (!numbers.empty()) {
            EXPECT_GT(record.number, numbers.back());
        }
        numbers.push_back(record.number);
        if (record.erased) {
            objects.erase(record.key);
        } else {
            objects[record.key] = record.body;
        }
    }
    void on_complete(const std::string&, const std::string&) override { ++completes; }
};

struct Sender {
    Sender(rt::Loop& loop, SimNetwork& network, std::uint64_t epoch)
        : feed(epoch), port(network.join()), exchange(loop, *port, {"s-0", "sender", std::to_string(epoch)}) {
        exchange.offer("things", feed);
    }
    void put(const std::string& key, const std::string& value) {
        feed.put(key, "Thing", value);
        exchange.changed("things");
    }
    KeyedFeed feed;
    std::unique_ptr<Transport> port;
    Exchange exchange;
};

struct Receiver {
    Receiver(rt::Loop& loop, SimNetwork& network, const std::string& boot)
        : port(network.join()), exchange(loop, *port, {"r-0", "receiver", boot}) {
        exchange.follow("things", mirror);
    }
    Mirror mirror;
    std::unique_ptr<Transport> port;
    Exchange exchange;
};

TEST(Exchange, WhoComesLateHearsTheWholeStateWithinMilliseconds) {
    rt::SimLoop loop;
    SimNetwork network(loop, 1);
    Sender sender(loop, network, 11);
    for (int i = 0; i < 5'000; ++i) sender.put(std::to_string(i), "x");
    loop.run_for(seconds(1));
    Receiver receiver(loop, network, "b");
    EXPECT_TRUE(loop.run_until([&] { return receiver.mirror.objects.size() == 5'000; }, milliseconds(500)));
    EXPECT_TRUE(receiver.exchange.complete("s-0", "things"));
    EXPECT_EQ(receiver.mirror.completes, 1);
}

TEST(Exchange, ARecordTravelsLiveWithoutWaitingForABeat) {
    rt::SimLoop loop;
    SimNetwork network(loop, 1);
    Sender sender(loop, network, 11);
    Receiver receiver(loop, network, "b");
    loop.run_for(milliseconds(100));
    sender.put("a", "1");
    loop.run_for(milliseconds(1));
    EXPECT_EQ(receiver.mirror.objects.at("a"), "1");
    EXPECT_EQ(receiver.exchange.counters().gaps, 0U);
}

TEST(Exchange, AnEmptyStreamIsCompleteToo) {
    rt::SimLoop loop;
    SimNetwork network(loop, 1);
    Sender sender(loop, network, 11);
    Receiver receiver(loop, network, "b");
    loop.run_for(milliseconds(100));
    EXPECT_EQ(receiver.mirror.completes, 1);
}

TEST(Exchange, AMalformedMessageIsRefusedAndCountedAndHurtsNobody) {
    rt::SimLoop loop;
    SimNetwork network(loop, 1);
    Receiver receiver(loop, network, "b");
    const auto attacker = network.join();
    attacker->publish("v1/things/x/", "not an envelope");
    attacker->publish("v1/vector/x/y/", std::string(300'000, 'x'));
    loop.run_for(seconds(1));
    EXPECT_EQ(receiver.exchange.counters().refused, 2U);
}

// Loss, duplication, reordering, restarts of both ends; then calm. Safety all along, liveness in the calm.
class ExchangeStorm : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ExchangeStorm, EveryHoleClosesAndNothingIsAppliedTwice) {
    rt::SimLoop loop;
    SimNetwork network(loop, GetParam());
    network.set_faults({.loss = 0.2, .duplication = 0.1, .delay_min = microseconds(50), .delay_max = milliseconds(30)});
    std::mt19937_64 random(GetParam());
    std::uint64_t boot = 1;
    auto sender = std::make_unique<Sender>(loop, network, boot);
    auto receiver = std::make_unique<Receiver>(loop, network, "1");
    for (int i = 0; i < 3'000; ++i) {
        const std::string key = std::to_string(random() % 50);
        if (random() % 4 == 0 && sender->feed.erase(key)) {
            sender->exchange.changed("things");
        } else {
            sender->put(key, std::to_string(i));
        }
        loop.run_for(microseconds(static_cast<std::int64_t>(random() % 2'000)));
        const bool both = random() % 300 == 0;
        if (both || random() % 500 == 0) sender = std::make_unique<Sender>(loop, network, ++boot);
        if (both || random() % 500 == 0) receiver = std::make_unique<Receiver>(loop, network, std::to_string(++boot));
    }
    network.set_faults({});
    loop.run_for(seconds(8));
    std::map<std::string, std::string> expected;
    for (const wire::Record& record : sender->feed.after(0, 1'000)) {
        if (!record.erased) expected[record.key] = record.body;
    }
    EXPECT_EQ(receiver->mirror.objects, expected);
    EXPECT_TRUE(receiver->exchange.complete("s-0", "things"));
    const std::uint64_t replayed = sender->exchange.counters().replayed;
    loop.run_for(seconds(60));
    EXPECT_EQ(sender->exchange.counters().replayed, replayed) << "calm must be quiet";
}

INSTANTIATE_TEST_SUITE_P(Seeds, ExchangeStorm, testing::Range<std::uint64_t>(1, 21));

}  // namespace
}  // namespace drover::bus
