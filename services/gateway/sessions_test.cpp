// Sessions against a node that the test plays, over the simulated bus.
#include "gateway/sessions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bus/sim_transport.hpp"
#include "rt/sim_loop.hpp"
#include "wire/codec.hpp"

namespace drover::gateway {
namespace {

using testing::HasSubstr;
using wire::SessionPhase;

struct SessionsTest : testing::Test, bus::Follower {
    SessionsTest() {
        node.offer("sessionseen/gw-0", seen_feed);
        node.follow("session/gw-0", *this);
        exchange.offer("session/gw-0", wanted_feed);
        exchange.follow("sessionseen/gw-0", gateway_side);
        loop.run_for(seconds(1));
    }

    // The node's side.
    void on_reset(const std::string&, const std::string&) override {}
    void on_complete(const std::string&, const std::string&) override {}
    void on_record(const std::string&, const std::string&, const wire::Record& record) override {
        withdrawn = record.erased;
        if (!record.erased) wanted = wire::decode<wire::SessionDesired>(record.body).value();
    }
    void say() {
        seen.id = wanted.id;
        seen_feed.put(seen.id, wire::SessionObserved::kName, wire::encode(seen));
        node.changed("sessionseen/gw-0");
        settle();
    }
    void print(const std::string& bytes) {
        ++seen.output_number;
        seen.stream = "stdout";
        seen.output = bytes;
        say();
    }

    void settle(Duration time = milliseconds(50)) { loop.run_for(time); }
    void open() {
        wire::SessionDesired session;
        session.node = "n1";
        session.command = {"sh"};
        sessions.open(session, [this](Result<std::string> id) { opened = std::move(id); });
        settle();
    }
    void open_and_run() {
        open();
        seen.phase = SessionPhase::running;
        say();
        ASSERT_TRUE(opened && *opened);
    }
    std::optional<Result<SessionNews>> read(std::uint64_t heard, Duration wait = milliseconds(10)) {
        std::optional<Result<SessionNews>> got;
        sessions.read(wanted.id, heard, heard, wait, [&](Result<SessionNews> news) { got = std::move(news); });
        settle(wait + milliseconds(50));
        return got;
    }
    std::string text(std::uint64_t heard) {
        std::string out;
        const auto news = read(heard);
        for (const SessionPiece& piece : news->value().pieces) out += piece.bytes;
        return out;
    }

    struct GatewaySide : bus::Follower {
        explicit GatewaySide(Sessions& s) : sessions(s) {}
        void on_reset(const std::string&, const std::string&) override {}
        void on_complete(const std::string&, const std::string&) override {}
        void on_record(const std::string&, const std::string&, const wire::Record& record) override {
            sessions.heard(record);
        }
        void on_current(const std::string& source, const std::string&) override { sessions.node_heard(source); }
        Sessions& sessions;
    };

    rt::SimLoop loop;
    bus::SimNetwork network{loop, 3};
    std::unique_ptr<bus::Transport> node_port = network.join(), port = network.join();
    bus::Exchange node{loop, *node_port, {"n1", "driver-manager", "b1"}};
    bus::Exchange exchange{loop, *port, {"gw-0", "gateway", "b2"}};
    bus::KeyedFeed seen_feed{5}, wanted_feed{6};
    Sessions sessions{loop, exchange, wanted_feed, "session/gw-0"};
    GatewaySide gateway_side{sessions};
    wire::SessionDesired wanted;
    wire::SessionObserved seen;
    bool withdrawn = false;
    std::optional<Result<std::string>> opened;
};

TEST_F(SessionsTest, OutputComesOncePieceAfterPieceAndIsKeptUntilItArrived) {
    open_and_run();
    print("one");
    EXPECT_EQ(wanted.heard, 1U);
    print("two");
    EXPECT_EQ(text(0), "onetwo");
    EXPECT_EQ(text(0), "onetwo") << "the reader was cut off and asks again";
    EXPECT_EQ(text(1), "two");
    print("three");
    EXPECT_EQ(text(2), "three");
}

TEST_F(SessionsTest, ANodeIsHeldBackWhileNobodyReads) {
    open_and_run();
    for (std::size_t i = 0; i < Sessions::kMaxUnheard + 1; ++i) print("x");
    EXPECT_EQ(wanted.heard, Sessions::kMaxUnheard);
    EXPECT_EQ(text(wanted.heard), "x");
    settle();
    EXPECT_EQ(wanted.heard, Sessions::kMaxUnheard + 1);
}

TEST_F(SessionsTest, AReaderWaitsAndTheEndFollowsTheLastPiece) {
    open_and_run();
    std::optional<Result<SessionNews>> got;
    sessions.read(wanted.id, 0, 0, seconds(5), [&](Result<SessionNews> news) { got = std::move(news); });
    settle();
    EXPECT_FALSE(got);
    seen.phase = SessionPhase::ended;
    seen.code = 7;
    print("bye");
    ASSERT_TRUE(got && *got);
    EXPECT_EQ((*got)->pieces.at(0).bytes, "bye");
    EXPECT_TRUE((*got)->ended);
    EXPECT_EQ((*got)->code, 7);
    sessions.close(wanted.id);
    settle();
    EXPECT_TRUE(withdrawn);
    EXPECT_EQ(sessions.size(), 0U);
}

TEST_F(SessionsTest, InputIsTakenOncePieceAfterPiece) {
    open_and_run();
    std::optional<Result<bool>> first, again, second, wrong;
    sessions.write(wanted.id, 1, "ls\n", false, [&](Result<bool> done) { first = std::move(done); });
    settle();
    EXPECT_FALSE(first) << "the command does not have it yet";
    EXPECT_EQ(wanted.input, "ls\n");
    sessions.write(wanted.id, 2, "x", false, [&](Result<bool> done) { wrong = std::move(done); });
    EXPECT_EQ(wrong->error().kind, ErrorKind::conflict);
    sessions.write(wanted.id, 1, "ls\n", false, [&](Result<bool> done) { again = std::move(done); });
    EXPECT_FALSE(*first);
    seen.heard = 1;
    say();
    EXPECT_TRUE(*again && **again);
    sessions.write(wanted.id, 1, "ls\n", false, [&](Result<bool> done) { again = std::move(done); });
    EXPECT_TRUE(**again) << "it has it already";
    sessions.write(wanted.id, 2, "", true, [&](Result<bool> done) { second = std::move(done); });
    settle();
    EXPECT_TRUE(wanted.input_ended);
    EXPECT_EQ(wanted.input_number, 2U);
}

TEST_F(SessionsTest, SizesAndSignalsArePassedOn) {
    open_and_run();
    EXPECT_TRUE(sessions.resize(wanted.id, 40, 120));
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(sessions.signal(wanted.id, "SIGHUP"));
    settle();
    EXPECT_EQ(wanted.columns, 120U);
    EXPECT_EQ(wanted.signals.size(), 16U);
    EXPECT_EQ(wanted.signals.back().id, 20U);
    EXPECT_FALSE(sessions.resize("unknown", 1, 1));
}

TEST_F(SessionsTest, OneWithoutAReaderIsWithdrawn) {
    open_and_run();
    for (int i = 0; i < 5; ++i) (void)read(0, seconds(5));
    EXPECT_FALSE(withdrawn) << "its reader was there all the time";
    settle(Sessions::kReader + seconds(2));
    EXPECT_TRUE(withdrawn);
    EXPECT_EQ(read(0)->error().kind, ErrorKind::not_found);
}

TEST_F(SessionsTest, ANodeThatFallsSilentEndsItWithASentence) {
    open_and_run();
    node.leave();
    network.set_faults({.loss = 1});
    std::optional<Result<SessionNews>> got;
    for (int i = 0; i < 20 && !(got && *got && (*got)->ended); ++i) got = read(0, seconds(1));
    ASSERT_TRUE(got && *got);
    EXPECT_THAT((*got)->error, HasSubstr("node n1 is not heard any more"));
}

TEST_F(SessionsTest, WhatDoesNotBeginIsEndedWithASentence) {
    open();
    EXPECT_FALSE(opened);
    settle(Sessions::kOpenLimit + seconds(2));
    ASSERT_TRUE(opened && *opened);
    const auto news = read(0);
    EXPECT_TRUE((*news)->ended);
    EXPECT_THAT((*news)->error, HasSubstr("has not started within"));
}

TEST_F(SessionsTest, AreBounded) {
    for (std::size_t i = 0; i < Sessions::kMaxOpen; ++i) open();
    opened.reset();
    open();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->error().kind, ErrorKind::unavailable);
    EXPECT_EQ(sessions.size(), Sessions::kMaxOpen);
}

}  // namespace
}  // namespace drover::gateway
