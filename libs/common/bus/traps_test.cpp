// The traps of libzmq 4.3.4 (docs/bus.md). Each test fails without its cure.
#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "bus/zmq_socket.hpp"
#include "bus/zmq_transport.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::bus {
namespace {

std::string ipc() { return "ipc://@drover-test-" + random_hex(12); }

std::unique_ptr<ZmqTransport> transport_on(rt::Loop& loop, const ZmqConfig& config) {
    return *ZmqTransport::open(loop, config);
}

TEST(LibzmqTrap, ASubscriberLeftDeafByAnOversizedMessageHearsAgain) {
    rt::EpollLoop loop;
    const std::string at = ipc();
    auto publisher = transport_on(loop, {.bind = {at}, .tap = {}, .peers = {}, .curve = {}});
    auto subscriber = transport_on(loop, {.bind = {}, .tap = {}, .peers = {at}, .curve = {}});
    int heard = 0;
    subscriber->on_message([&](std::string_view, std::string_view) { ++heard; });
    subscriber->subscribe("v1/");
    const auto hears = [&](Duration limit) {
        const int before = heard;
        return loop.run_until(
            [&] {
                publisher->publish("v1/x/", "y");
                return heard > before;
            },
            limit);
    };
    ASSERT_TRUE(hears(seconds(10)));
    publisher->publish("v1/x/", std::string(2 << 20, 'z'));
    loop.run_until([&] { return false; }, milliseconds(300));
    EXPECT_TRUE(hears(ZmqTransport::kSilence + seconds(10)));
}

TEST(LibzmqTrap, EverySubscriptionCountsAlsoBeyondTheDefaultQueue) {
    rt::EpollLoop loop;
    const std::string at = ipc();
    auto publisher = transport_on(loop, {.bind = {at}, .tap = {}, .peers = {}, .curve = {}});
    auto subscriber = transport_on(loop, {.bind = {}, .tap = {}, .peers = {at}, .curve = {}});
    bool last = false;
    subscriber->on_message([&](std::string_view topic, std::string_view) { last = last || topic == "v1/2999/"; });
    for (int i = 0; i < 3'000; ++i) subscriber->subscribe("v1/" + std::to_string(i) + "/");
    EXPECT_TRUE(loop.run_until(
        [&] {
            publisher->publish("v1/2999/", "x");
            return last;
        },
        seconds(20)));
}

TEST(LibzmqTrap, AHintSwallowedByASendStrandsNoMessage) {
    rt::EpollLoop loop;
    const std::string at = ipc();
    zmq::context_t context = make_context();
    zmq::socket_t server(context, zmq::socket_type::dealer);
    zmq::socket_t client(context, zmq::socket_type::dealer);
    server.bind(at);
    client.connect(at);
    int received = 0;
    // One receive a round, with a send in between: level-triggered epoll alone would stop after the first.
    const rt::Token token = loop.on_edge(server.get(zmq::sockopt::fd), [&] {
        zmq::message_t frame;
        if (!server.recv(frame, zmq::recv_flags::dontwait)) return false;
        ++received;
        (void)server.send(zmq::str_buffer("reply"), zmq::send_flags::dontwait);
        return true;
    });
    int sent = 0;
    EXPECT_TRUE(loop.run_until(
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
    loop.cancel(token);
}

TEST(LibzmqTrap, AHandshakeThatWasRefusedSucceedsOnceTheKeyIsListed) {
    rt::EpollLoop loop;
    CurveConfig server = make_curve_keys();
    const CurveConfig client = make_curve_keys();
    const std::string at = ipc();
    auto refusing = transport_on(loop, {.bind = {at}, .tap = {}, .peers = {}, .curve = server});
    auto subscriber =
        transport_on(loop, {.bind = {}, .tap = {}, .peers = {at + "#" + server.public_key}, .curve = client});
    int heard = 0;
    subscriber->on_message([&](std::string_view, std::string_view) { ++heard; });
    subscriber->subscribe("v1/");
    const auto hears = [&](ZmqTransport& publisher, Duration limit) {
        return loop.run_until(
            [&] {
                publisher.publish("v1/x/", "y");
                return heard > 0;
            },
            limit);
    };
    EXPECT_FALSE(hears(*refusing, seconds(1)));
    refusing.reset();
    server.allowed = {client.public_key};
    auto accepting = transport_on(loop, {.bind = {at}, .tap = {}, .peers = {}, .curve = server});
    EXPECT_TRUE(hears(*accepting, ZmqTransport::kSilence + seconds(10)));
}

}  // namespace
}  // namespace drover::bus
