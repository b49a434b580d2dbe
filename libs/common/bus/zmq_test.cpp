// The real transport, over ipc and tcp in one process.
#include "bus/zmq_test.hpp"

#include "bus/exchange.hpp"
#include "bus/tap.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::bus {
namespace {

struct Counter : Follower {
    std::map<std::string, std::string> objects;
    std::size_t records = 0;
    void on_reset(const std::string&, const std::string&) override { objects.clear(); }
    void on_record(const std::string&, const std::string&, const wire::Record& record) override {
        ++records;
        objects[record.key] = record.body;
    }
    void on_complete(const std::string&, const std::string&) override {}
};

// Two processes' worth of exchanges that hear each other.
struct Pair {
    Pair(rt::Loop& l, const ZmqConfig& s, const ZmqConfig& r, std::uint64_t epoch = 1)
        : loop(l),
          feed(epoch),
          sender_port(open(l, s)),
          receiver_port(open(l, r)),
          sender(std::make_unique<Exchange>(l, *sender_port, Exchange::Identity{"s-0", "sender", "1"})),
          receiver(l, *receiver_port, {"r-0", "receiver", "1"}) {
        sender->offer("things", feed);
        receiver.follow("things", counter);
    }
    void put(int i) {
        feed.put(std::to_string(i), "Thing", std::string(100, 'x'));
        sender->changed("things");
    }
    rt::Loop& loop;
    KeyedFeed feed;
    Counter counter;
    std::unique_ptr<ZmqTransport> sender_port;
    std::unique_ptr<ZmqTransport> receiver_port;
    std::unique_ptr<Exchange> sender;
    Exchange receiver;
};

TEST(ZmqTransport, ASlowJoinerMissesNothing) {
    rt::EpollLoop loop;
    const std::string a = ipc("a");
    const std::string b = ipc("b");
    Pair pair(loop, {.bind = {a}, .tap = {}, .peers = {b}, .curve = {}},
              {.bind = {b}, .tap = {}, .peers = {a}, .curve = {}});
    for (int i = 0; i < 1'000; ++i) pair.put(i);  // before any connection is up
    EXPECT_TRUE(loop.run_until([&] { return pair.counter.objects.size() == 1'000; }, seconds(10)));
}

TEST(ZmqTransport, AFloodBeyondEveryHighWaterMarkArrivesWhole) {
    rt::EpollLoop loop;
    const std::string a = ipc("a");
    const std::string b = ipc("b");
    Pair pair(loop, {.bind = {a}, .tap = {}, .peers = {b}, .curve = {}},
              {.bind = {b}, .tap = {}, .peers = {a}, .curve = {}});
    EXPECT_TRUE(loop.run_until([&] { return pair.receiver.complete("s-0", "things"); }, seconds(10)));
    for (int i = 0; i < 30'000; ++i) pair.put(i);  // nobody reads meanwhile: most of it is dropped
    EXPECT_TRUE(loop.run_until([&] { return pair.counter.objects.size() == 30'000; }, seconds(60)));
    EXPECT_EQ(pair.counter.records, 30'000U);
}

TEST(ZmqTransport, ARestartedPublisherIsHeardAgain) {
    rt::EpollLoop loop;
    const std::string a = ipc("a");
    const std::string b = ipc("b");
    const ZmqConfig sender{.bind = {a}, .tap = {}, .peers = {b}, .curve = {}};
    Pair pair(loop, sender, {.bind = {b}, .tap = {}, .peers = {a}, .curve = {}});
    pair.put(1);
    EXPECT_TRUE(loop.run_until([&] { return pair.counter.objects.size() == 1; }, seconds(10)));
    pair.sender.reset();
    pair.sender_port.reset();
    auto again = open(loop, sender);
    KeyedFeed feed(2);
    Exchange exchange(loop, *again, {"s-0", "sender", "2"});
    exchange.offer("things", feed);
    for (int i = 0; i < 7; ++i) feed.put(std::to_string(i), "Thing", "y");
    exchange.changed("things");
    EXPECT_TRUE(loop.run_until([&] { return pair.counter.objects.size() == 7; }, seconds(10)));
}

TEST(ZmqTransport, ATapHearsWhatItAskedForByTopicPrefix) {
    rt::EpollLoop loop;
    const std::string tap_at = ipc("tap");
    auto transport = open(loop, {.bind = {ipc("a")}, .tap = {tap_at}, .peers = {}, .curve = {}});
    auto tap = Tap::open({tap_at}, "v1/task/event/web/");
    ASSERT_TRUE(tap.has_value());
    std::string topic;
    std::string payload;
    bool heard = false;
    EXPECT_TRUE(loop.run_until(
        [&] {
            transport->publish("v1/task/event/web2/x/", "other");
            transport->publish("v1/task/event/web/x/", "mine");
            heard = heard || (*tap)->next(topic, payload, milliseconds(1));
            return heard;
        },
        seconds(10)));
    EXPECT_EQ(topic, "v1/task/event/web/x/");
    EXPECT_EQ(payload, "mine");
}

TEST(ZmqTransport, CurveLetsInOnlyTheListedKeys) {
    rt::EpollLoop loop;
    CurveConfig server = make_curve_keys();
    CurveConfig friend_keys = make_curve_keys();
    const CurveConfig stranger = make_curve_keys();
    server.allowed = {friend_keys.public_key};
    friend_keys.allowed = {server.public_key};
    const std::string a = "tcp://127.0.0.1:" + std::to_string(test_port(0));
    const std::string b = "tcp://127.0.0.1:" + std::to_string(test_port(1));
    Pair pair(loop, {.bind = {a}, .tap = {}, .peers = {b + "#" + friend_keys.public_key}, .curve = server},
              {.bind = {b}, .tap = {}, .peers = {a + "#" + server.public_key}, .curve = friend_keys});
    auto outsider = open(loop, {.bind = {}, .tap = {}, .peers = {a + "#" + server.public_key}, .curve = stranger});
    int overheard = 0;
    outsider->on_message([&](std::string_view, std::string_view) { ++overheard; });
    outsider->subscribe("");
    pair.put(1);
    EXPECT_TRUE(loop.run_until([&] { return pair.counter.objects.size() == 1; }, seconds(20)));
    EXPECT_EQ(overheard, 0);
}

TEST(ZmqTransport, APeerMayBeAHostName) {
    rt::EpollLoop loop;
    const std::string port_a = ":" + std::to_string(test_port(2));
    const std::string port_b = ":" + std::to_string(test_port(3));
    Pair pair(loop,
              {.bind = {"tcp://127.0.0.1" + port_a}, .tap = {}, .peers = {"tcp://localhost" + port_b}, .curve = {}},
              {.bind = {"tcp://127.0.0.1" + port_b}, .tap = {}, .peers = {"tcp://localhost" + port_a}, .curve = {}});
    pair.put(1);
    EXPECT_TRUE(loop.run_until([&] { return pair.counter.objects.size() == 1; }, seconds(20)));
}

TEST(Endpoint, RefusesWhatNobodyCouldConnectTo) {
    for (const char* text : {"", "store:7100", "tcp://", "tcp://:1", "tcp://store", "tcp://st ore:7100",
                             "tcp://store:x", "ipc://", "tcp://10.0.0.2:7100#short"}) {
        EXPECT_FALSE(parse_endpoint(text).has_value()) << text;
    }
    EXPECT_EQ(parse_endpoint("tcp://store:7100")->host, "store");
    EXPECT_EQ(parse_endpoint("tcp://[::1]:7100")->address, "tcp://[::1]:7100");
}

}  // namespace
}  // namespace drover::bus
