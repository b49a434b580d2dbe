// The traps of libzmq 4.3.4 (docs/bus.md). Each test fails without its cure.
#include "bus/contacts.hpp"
#include "bus/zmq_socket.hpp"
#include "bus/zmq_test.hpp"
#include "os/pidfd.hpp"
#include "os/spawn.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::bus {
namespace {

constexpr Duration kHealed = Contacts::kSilence + seconds(10);

// A publisher that anybody can replace, and a subscriber that stays.
class LibzmqTrap : public testing::Test {
   protected:
    LibzmqTrap() { tick(); }
    // A bare socket does not wake the loop, so it looks again by itself.
    void tick() {
        loop_.at(loop_.now() + milliseconds(1), [this] { tick(); });
    }
    std::unique_ptr<ZmqTransport> publish_at(const std::string& at, const CurveConfig& curve = {}) {
        return open(loop_, {.bind = {at}, .tap = {}, .peers = {}, .curve = curve});
    }
    void listen_to(const std::string& peer, const CurveConfig& curve = {}) {
        subscriber_ = open(loop_, {.bind = {}, .tap = {}, .peers = {peer}, .curve = curve});
        subscriber_->on_message([this](std::string_view, std::string_view) { ++heard_; });
        subscriber_->subscribe("v1/");
    }
    // Something said from now on is heard.
    bool hears(ZmqTransport& publisher, Duration limit) {
        const int before = heard_;
        return loop_.run_until(
            [&] {
                publisher.publish("v1/x/", "y");
                return heard_ > before;
            },
            limit);
    }
    void pass(Duration time) {
        loop_.run_until([] { return false; }, time);
    }

    rt::EpollLoop loop_;
    const std::string at_ = ipc("publisher");
    std::unique_ptr<ZmqTransport> subscriber_;
    int heard_ = 0;
};

TEST_F(LibzmqTrap, ASubscriberThatStallsWithAFullQueueLivesAndHearsOn) {
    zmq::context_t there = make_context();
    zmq::context_t here = make_context();
    auto publisher = make_xpub(there, 100'000, {}, {at_});
    auto subscriber = make_sub(here, {}, *parse_endpoint(at_));
    ASSERT_TRUE(publisher && subscriber);
    subscriber->set(zmq::sockopt::subscribe, "");
    std::string topic;
    std::string payload;
    ASSERT_TRUE(loop_.run_until(
        [&] {
            send(*publisher, "v1/hello/", "");
            return receive(*subscriber, topic, payload);
        },
        seconds(10)));
    const std::string kilobyte(1000, 'x');
    for (int i = 0; i < 40'000; ++i) send(*publisher, "v1/x/", kilobyte);
    pass(milliseconds(600));  // nobody reads: its queue, 10,000 messages, and the socket are full
    send(*publisher, "v1/last/", "");
    EXPECT_TRUE(loop_.run_until(
        [&] {
            while (topic != "v1/last/" && receive(*subscriber, topic, payload)) continue;
            return topic == "v1/last/";
        },
        seconds(20)));
}

TEST_F(LibzmqTrap, ASubscriberLeftDeafByAnOversizedMessageHearsAgain) {
    auto publisher = publish_at(at_);
    listen_to(at_);
    ASSERT_TRUE(hears(*publisher, seconds(10)));
    publisher->publish("v1/x/", std::string(2 << 20, 'z'));
    pass(milliseconds(300));
    EXPECT_TRUE(hears(*publisher, kHealed));
}

TEST_F(LibzmqTrap, EverySubscriptionCountsAlsoBeyondTheDefaultQueueAndAfterARestart) {
    auto publisher = publish_at(at_);
    bool last = false;
    subscriber_ = open(loop_, {.bind = {}, .tap = {}, .peers = {at_}, .curve = {}});
    subscriber_->on_message([&](std::string_view topic, std::string_view) { last = last || topic == "v1/2999/"; });
    for (int i = 0; i < 3'000; ++i) subscriber_->subscribe("v1/" + std::to_string(i) + "/");
    const auto last_is_heard = [&] {
        last = false;
        return loop_.run_until(
            [&] {
                publisher->publish("v1/2999/", "x");
                return last;
            },
            seconds(20));
    };
    EXPECT_TRUE(last_is_heard());
    publisher.reset();
    publisher = publish_at(at_);
    EXPECT_TRUE(last_is_heard());
}

TEST_F(LibzmqTrap, AHintSwallowedByASendStrandsNoMessage) {
    zmq::context_t context = make_context();
    zmq::socket_t server(context, zmq::socket_type::dealer);
    zmq::socket_t client(context, zmq::socket_type::dealer);
    server.bind(at_);
    client.connect(at_);
    int received = 0;
    // One receive a round, with a send in between: level-triggered epoll alone would stop after the first.
    const rt::Token token = loop_.on_edge(server.get(zmq::sockopt::fd), [&] {
        zmq::message_t frame;
        if (!server.recv(frame, zmq::recv_flags::dontwait)) return false;
        ++received;
        (void)server.send(zmq::str_buffer("reply"), zmq::send_flags::dontwait);
        return true;
    });
    int sent = 0;
    EXPECT_TRUE(loop_.run_until(
        [&] {
            for (int i = 0; i < 100 && sent < 20'000; ++i) {
                if (!client.send(zmq::str_buffer("x"), zmq::send_flags::dontwait)) break;
                ++sent;
            }
            zmq::message_t frame;
            while (client.recv(frame, zmq::recv_flags::dontwait)) {
            }
            return received == 20'000;
        },
        seconds(60)));
    loop_.cancel(token);
}

TEST_F(LibzmqTrap, AHandshakeThatWasRefusedSucceedsOnceTheKeyIsListed) {
    CurveConfig server = make_curve_keys();
    const CurveConfig client = make_curve_keys();
    server.allowed = {make_curve_keys().public_key};
    auto publisher = publish_at(at_, server);
    listen_to(at_ + "#" + server.public_key, client);
    EXPECT_FALSE(hears(*publisher, seconds(1)));
    publisher->allow({client.public_key});
    EXPECT_TRUE(hears(*publisher, kHealed));
}

TEST_F(LibzmqTrap, WhoComesBeforeTheListOfKeysIsLetInOnceItIsThereWithoutAnybodysHelp) {
    CurveConfig server = make_curve_keys();
    const CurveConfig client = make_curve_keys();
    auto publisher = publish_at(at_, server);
    zmq::context_t context = make_context();
    auto subscriber = make_sub(context, client, *parse_endpoint(at_ + "#" + server.public_key));
    ASSERT_TRUE(subscriber);
    subscriber->set(zmq::sockopt::subscribe, "");
    std::string topic;
    std::string payload;
    const auto heard = [&] {
        publisher->publish("v1/x/", "y");
        return receive(*subscriber, topic, payload);
    };
    EXPECT_FALSE(loop_.run_until(heard, seconds(1)));
    publisher->allow({client.public_key});
    EXPECT_TRUE(loop_.run_until(heard, seconds(20)));
}

TEST_F(LibzmqTrap, APlainClientHearsAServerThatHasStoppedAskingForKeys) {
    auto encrypted = publish_at(at_, make_curve_keys());
    listen_to(at_);
    EXPECT_FALSE(hears(*encrypted, seconds(1)));
    encrypted.reset();
    auto plain = publish_at(at_);
    EXPECT_TRUE(hears(*plain, kHealed));
}

TEST_F(LibzmqTrap, AClientWithAKeyHearsAServerThatHasBegunToAskForOne) {
    CurveConfig server = make_curve_keys();
    const CurveConfig client = make_curve_keys();
    server.allowed = {client.public_key};
    auto plain = publish_at(at_);
    listen_to(at_ + "#" + server.public_key, client);
    EXPECT_FALSE(hears(*plain, seconds(1)));
    plain.reset();
    auto encrypted = publish_at(at_, server);
    EXPECT_TRUE(hears(*encrypted, kHealed));
}

TEST_F(LibzmqTrap, ANameThatNobodyKnowsHoldsUpNoOtherPeer) {
    auto publisher = publish_at(at_);
    subscriber_ = open(loop_, {.bind = {},
                               .tap = {},
                               .peers = {"tcp://no.such.host.invalid:7000", at_, "tcp://nor.this.invalid:7000"},
                               .curve = {}});
    subscriber_->on_message([this](std::string_view, std::string_view) { ++heard_; });
    subscriber_->subscribe("v1/");
    EXPECT_TRUE(hears(*publisher, seconds(10)));
}

TEST_F(LibzmqTrap, StartingProgramsHarmsNeitherTheBusNorThem) {
    auto publisher = publish_at(at_);
    listen_to(at_);
    ASSERT_TRUE(hears(*publisher, seconds(10)));
    for (const bool by_fork : {false, true}) {
        os::SpawnOptions options;
        options.path = "/bin/true";
        options.argv = {"true"};
        options.dies_with_us = by_fork;
        const auto child = os::spawn(options, os::Stdio::null);
        ASSERT_TRUE(child) << child.error().message;
        bool ended = false;
        const rt::Token token = loop_.on_readable(child->pidfd.get(), [&] { ended = true; });
        EXPECT_TRUE(loop_.run_until([&] { return ended; }, seconds(10)));
        loop_.cancel(token);
        const auto how = os::reap(child->pidfd.get());
        ASSERT_TRUE(how);
        EXPECT_EQ(how->code, 0) << (by_fork ? "by fork" : "by vfork");
        EXPECT_TRUE(hears(*publisher, seconds(10)));
    }
}

}  // namespace
}  // namespace drover::bus
