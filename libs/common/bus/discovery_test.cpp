// Services that know nobody but the state-store, by name, find each other through it and do without it.
#include <cstdio>

#include "bus/exchange.hpp"
#include "bus/introduction.hpp"
#include "bus/peer_list.hpp"
#include "bus/zmq_test.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::bus {
namespace {

constexpr Duration kFound = seconds(20);

struct Words : Follower {
    std::map<std::string, std::string> heard;
    void on_reset(const std::string&, const std::string&) override {}
    void on_record(const std::string&, const std::string&, const wire::Record& record) override {
        heard[record.key] = record.body;
    }
    void on_complete(const std::string&, const std::string&) override {}
};

// Encrypted or not.
class Discovery : public testing::TestWithParam<bool> {
   protected:
    struct Service {
        Service(rt::Loop& loop, const ZmqConfig& config)
            : transport(open(loop, config)),
              exchange(loop, *transport, {config.place.self.id, config.place.self.role, random_hex(8)}) {
            if (config.place.hears.empty())
                list.emplace(exchange, *transport, 1);
            else
                book.emplace(exchange, *transport);
        }
        std::unique_ptr<ZmqTransport> transport;
        Exchange exchange;
        std::optional<PeerList> list;
        std::optional<PeerBook> book;
    };

    Discovery() {
        for (CurveConfig& keys : keys_) {
            if (GetParam()) keys = make_curve_keys();
        }
        if (!GetParam()) return;
        for (CurveConfig& keys : keys_) {
            for (const CurveConfig& other : keys_) keys.allowed.push_back(other.public_key);
        }
    }
    ~Discovery() override { std::remove(copy_.c_str()); }

    // The n-th service: bound to a port of its own, knowing the first by name.
    ZmqConfig config(int n, const std::string& id, const std::string& role, const std::set<std::string>& hears) {
        const std::string key = keys_[0].public_key.empty() ? "" : "#" + keys_[0].public_key;
        ZmqConfig config;
        config.bind = {"tcp://127.0.0.1:" + std::to_string(test_port(4 + n))};
        if (n > 0) config.peers = {"tcp://localhost:" + std::to_string(test_port(4)) + key};
        config.curve = keys_[n];
        config.place.self = {id, role, reachable_at(config.bind, {}, keys_[n].public_key)};
        config.place.hears = hears;
        return config;
    }
    std::unique_ptr<Service> state_store() {
        return std::make_unique<Service>(loop_, config(0, "store-0", "state-store", {}));
    }
    std::unique_ptr<Service> runner() {
        auto runner = std::make_unique<Service>(loop_, config(1, "ar-0", "alloc-runner", {"driver-manager"}));
        runner->exchange.offer("task/command/n1", commands_);
        return runner;
    }
    std::unique_ptr<Service> node(Words& words) {
        ZmqConfig here = config(2, "n1", "driver-manager", {"alloc-runner"});
        here.place.copy = copy_;
        auto node = std::make_unique<Service>(loop_, here);
        node->exchange.follow("task/command/n1", words);
        return node;
    }
    void say(Service& runner, const std::string& word) {
        commands_.put("k", "K", word);
        runner.exchange.changed("task/command/n1");
    }
    bool hears(const Words& words, const std::string& word) {
        return loop_.run_until([&] { return words.heard.count("k") != 0 && words.heard.at("k") == word; }, kFound);
    }

    rt::EpollLoop loop_;
    CurveConfig keys_[3];
    KeyedFeed commands_{1};
    const std::string copy_ = testing::TempDir() + "peers-" + random_hex(12);
};

TEST_P(Discovery, ServicesThatKnowOnlyTheStoreTalkDirectlyAndGoOnWhileItIsAway) {
    auto store = state_store();
    auto runs = runner();
    Words words;
    auto hands = node(words);
    say(*runs, "first");
    ASSERT_TRUE(hears(words, "first"));

    store.reset();
    say(*runs, "second");
    EXPECT_TRUE(hears(words, "second"));

    hands.reset();
    runs.reset();  // both begin anew while the store is away: only the copy knows where the other was
    runs = runner();
    Words anew;
    hands = node(anew);
    say(*runs, "third");
    EXPECT_TRUE(hears(anew, "third"));
}

INSTANTIATE_TEST_SUITE_P(OverTcp, Discovery, testing::Bool(),
                         [](const auto& name) { return name.param ? "Encrypted" : "Plain"; });

TEST(Introduction, SaysWhereAServiceSpeaksAndIsReadBack) {
    const wire::PeerAddress self{"n1", "driver-manager", {"tcp://10.0.0.2:7301#" + std::string(40, '/')}};
    const auto subscriptions = introductions(self);
    ASSERT_EQ(subscriptions.size(), 1U);
    EXPECT_EQ(read_introduction(subscriptions[0], {}), self);
    EXPECT_EQ(read_introduction(subscriptions[0], make_curve_keys()), self);
}

TEST(Introduction, IsNotFollowedWhereItCannotBeTrustedToWork) {
    for (const char* bad : {"", "v1/state/", "v1/at/", "v1/at/a", "v1/at/a/b", "v1/at//b/tcp://10.0.0.1:1",
                            "v1/at/a//tcp://10.0.0.1:1", "v1/at/a/b/nowhere", "v1/at/a/b/tcp://name.of.a.host:7000"})
        EXPECT_FALSE(read_introduction(bad, {})) << bad;
    EXPECT_FALSE(read_introduction("v1/at/a/b/tcp://10.0.0.1:1", make_curve_keys())) << "without a key";
    EXPECT_FALSE(read_introduction("v1/at/a/b/tcp://10.0.0.1:1" + std::string(300, 'x'), {}));
}

TEST(Introduction, AWildcardStandsForTheAddressesOfItsHost) {
    using Endpoints = std::vector<std::string>;
    EXPECT_EQ(reachable_at({"tcp://0.0.0.0:7301", "ipc:///run/x.sock"}, {"10.0.0.2"}, ""),
              (Endpoints{"tcp://10.0.0.2:7301", "ipc:///run/x.sock"}));
    EXPECT_EQ(reachable_at({"tcp://[::]:7301", "tcp://10.1.1.1:1"}, {"10.0.0.2"}, "K"),
              (Endpoints{"tcp://10.0.0.2:7301#K", "tcp://10.1.1.1:1#K"}));
    EXPECT_EQ(reachable_at({"tcp://*:7301"}, {}, ""), Endpoints{});
}

}  // namespace
}  // namespace drover::bus
