// Who is turned away at an encrypted endpoint, and what is said about it.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/unique_fd.hpp"
#include "bus/introduction.hpp"
#include "bus/zmq_socket.hpp"
#include "bus/zmq_test.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::bus {
namespace {

class DoorTest : public testing::Test {
   protected:
    DoorTest() {
        server_.allowed = {{service_.public_key}, {submit_.public_key, Role::submit}, {tap_.public_key, Role::tap}};
        transport_ =
            open(loop_, {.bind = {at("", 0)},
                         .tap = {at("", 1)},
                         .peers = {},
                         .curve = server_,
                         .place = {{"s-0", "state-store", {}}, {}, ""},
                         .refused = [this](const Refusal& one) { refusals_.push_back(one.from + " " + one.why); }});
    }

    // 0: where services speak, 1: where monitors listen.
    static std::string at(const std::string& key, int n) {
        return "tcp://127.0.0.1:" + std::to_string(test_port(4 + n)) + (key.empty() ? "" : "#" + key);
    }

    // A client that may send anything, which a SUB may not.
    zmq::socket_t client(const CurveConfig& keys, int n) {
        zmq::socket_t socket(context_, zmq::socket_type::xsub);
        socket.set(zmq::sockopt::linger, 0);
        if (keys.enabled()) {
            socket.set(zmq::sockopt::curve_serverkey, server_.public_key);
            socket.set(zmq::sockopt::curve_publickey, keys.public_key);
            socket.set(zmq::sockopt::curve_secretkey, keys.secret_key);
        }
        socket.connect(at("", n));
        return socket;
    }

    // A connection to where services speak, for whoever has no library.
    static UniqueFd dial() {
        UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(test_port(4)));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return fd;
    }

    bool is_heard(zmq::socket_t& socket) {
        std::string topic, payload;
        return loop_.run_until(
            [&] {
                transport_->publish("v1/x/", "y");
                return receive(socket, topic, payload);
            },
            seconds(3));
    }

    bool refused(const std::string& what) {
        return loop_.run_until([&] { return std::find(refusals_.begin(), refusals_.end(), what) != refusals_.end(); },
                               seconds(10));
    }

    // Its address may be unknown: it can be gone before it is asked for.
    bool refused_because(const std::string& why) {
        return loop_.run_until(
            [&] {
                return std::any_of(refusals_.begin(), refusals_.end(),
                                   [&](const std::string& one) { return one.ends_with(" " + why); });
            },
            seconds(10));
    }

    rt::EpollLoop loop_;
    zmq::context_t context_ = make_context();
    CurveConfig server_ = make_curve_keys();
    const CurveConfig service_ = make_curve_keys();
    const CurveConfig submit_ = make_curve_keys();
    const CurveConfig tap_ = make_curve_keys();
    std::unique_ptr<ZmqTransport> transport_;
    std::vector<std::string> refusals_;
};

TEST_F(DoorTest, AKeyThatIsNotListedIsRefusedWithItsAddress) {
    auto stranger = client(make_curve_keys(), 0);
    EXPECT_TRUE(refused("127.0.0.1 its key is not listed"));
    stranger.send(zmq::str_buffer("\1"), zmq::send_flags::dontwait);
    EXPECT_FALSE(is_heard(stranger));
}

TEST_F(DoorTest, ATapKeyMayListenWhereMonitorsDoAndNowhereElse) {
    auto monitor = client(tap_, 1);
    monitor.send(zmq::str_buffer("\1"), zmq::send_flags::none);
    EXPECT_TRUE(is_heard(monitor));
    auto curious = client(tap_, 0);
    EXPECT_TRUE(refused("127.0.0.1 its key is listed for tap only"));
}

TEST_F(DoorTest, ASubmitKeyIntroducesAGatewayAndNothingElse) {
    auto gateway = client(submit_, 0);
    const auto introduce = [&](const std::string& role) {
        const wire::PeerAddress self{role + "-0", role, {"tcp://127.0.0.1:1#" + submit_.public_key}};
        gateway.send(zmq::buffer("\1" + introductions(self)[0]), zmq::send_flags::none);
    };
    introduce("alloc-runner");
    EXPECT_TRUE(
        refused("tcp://127.0.0.1:1#" + submit_.public_key + " its key is not listed for the role alloc-runner"));
    introduce("gateway");
    EXPECT_TRUE(loop_.run_until([&] { return transport_->introductions().size() == 1; }, seconds(10)));
    EXPECT_EQ(transport_->introductions()[0].role, "gateway");
}

TEST_F(DoorTest, WhoDoesNotUseCurveIsRefused) {
    const UniqueFd fd = dial();
    // The greeting of ZMTP 3.0: signature, version, mechanism, who is the server, filler.
    std::string greeting = std::string("\xff\0\0\0\0\0\0\0\0\x7f\3\0NULL", 16);
    greeting.resize(64, '\0');
    ASSERT_EQ(::send(fd.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL), 64);
    EXPECT_TRUE(refused_because("it does not use CURVE")) << testing::PrintToString(refusals_);
}

// Whoever sees first that the other has another mechanism hangs up; the other cannot tell what it was.
TEST_F(DoorTest, ASocketWithoutKeysIsRefusedAndHearsNothing) {
    auto plain = client({}, 0);
    EXPECT_TRUE(loop_.run_until([&] { return !refusals_.empty(); }, seconds(10)));
    plain.send(zmq::str_buffer("\1"), zmq::send_flags::dontwait);
    EXPECT_FALSE(is_heard(plain));
}

TEST_F(DoorTest, WhatIsNoSubscriptionOrTooLongIsRefusedAndHurtsNobody) {
    auto service = client(service_, 0);
    service.send(zmq::str_buffer("\7 what"), zmq::send_flags::none);
    EXPECT_TRUE(refused("127.0.0.1 it sent something else than a subscription"));
    service.send(zmq::buffer("\1" + std::string(2000, 'x')), zmq::send_flags::none);
    EXPECT_TRUE(refused("127.0.0.1 it sent a message that is too long"));
    service.send(zmq::str_buffer("\1"), zmq::send_flags::none);
    EXPECT_TRUE(is_heard(service));
    service.send(zmq::buffer("\1" + std::string(kMaxHeard + 1, 'x')), zmq::send_flags::none);
    auto other = client(service_, 0);
    other.send(zmq::str_buffer("\1"), zmq::send_flags::none);
    EXPECT_TRUE(is_heard(other));
}

TEST_F(DoorTest, WhoSpeaksNoZeroMqIsRefused) {
    const UniqueFd fd = dial();
    const std::string_view request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    ASSERT_GT(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL), 0);
    EXPECT_TRUE(refused_because("it does not speak as a peer does"));
}

}  // namespace
}  // namespace drover::bus
