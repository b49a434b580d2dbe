// The hub against a store and a driver-manager that only answer, over the simulated bus.
#include "gateway/hub.hpp"

#include <gtest/gtest.h>

#include "bus/sim_transport.hpp"
#include "gateway/test_objects.hpp"
#include "rt/sim_loop.hpp"

namespace drover::gateway {
namespace {

// Answers every question of stream `asked` in stream `answers`; forgets the answer when the question goes.
template <class Question, class Answer>
struct Answerer : bus::Follower {
    Answerer(bus::Exchange& e, const std::string& asked, std::string said, std::function<Answer(const Question&)> make)
        : exchange(e), stream(std::move(said)), answer(std::move(make)) {
        exchange.offer(stream, feed);
        exchange.follow(asked, *this);
    }
    void on_reset(const std::string&, const std::string&) override {}
    void on_complete(const std::string&, const std::string&) override {}
    void on_record(const std::string&, const std::string&, const wire::Record& record) override {
        if (record.erased) {
            ++erased;
        } else {
            const auto question = wire::decode<Question>(record.body);
            ASSERT_TRUE(question);
            ++heard;
            if (silent) return;
            feed.put(question->id, Answer::kName, wire::encode(answer(*question)));
        }
        exchange.changed(stream);
    }
    bus::Exchange& exchange;
    bus::KeyedFeed feed{7};
    std::string stream;
    std::function<Answer(const Question&)> answer;
    int heard = 0, erased = 0;
    bool silent = false;
};

struct HubTest : testing::Test {
    HubTest() { loop.run_for(seconds(1)); }

    rt::SimLoop loop;
    bus::SimNetwork network{loop, 3};
    std::unique_ptr<bus::Transport> store_port = network.join(), port = network.join();
    bus::Exchange store{loop, *store_port, {"store-0", "state-store", "b1"}};
    bus::Exchange exchange{loop, *port, {"gw-0", "gateway", "b2"}};
    Answerer<wire::Request, wire::Answer> requests{store, "request/gw-0", "answer/gw-0", [](const wire::Request& r) {
                                                       wire::Answer a;
                                                       a.id = r.id;
                                                       a.ok = r.job != "bad";
                                                       a.error_kind = "not_found";
                                                       a.message = "there is no such job";
                                                       a.index = 5;
                                                       return a;
                                                   }};
    Answerer<wire::LogRead, wire::LogChunk> logs{store, "logread/gw-0", "logchunk/gw-0", [](const wire::LogRead& r) {
                                                     wire::LogChunk c;
                                                     c.id = r.id;
                                                     c.data = "hello";
                                                     return c;
                                                 }};
    http::Hints hints;
    Hub hub{loop, exchange, "gw-0", 9, hints};
};

TEST_F(HubTest, ARequestIsAnsweredAndThenTakenBack) {
    std::optional<Result<wire::Answer>> got;
    wire::Request request;
    request.job = "web";
    hub.ask(request, [&](Result<wire::Answer> answer) { got = std::move(answer); });
    EXPECT_TRUE(loop.run_until([&] { return got.has_value(); }, milliseconds(100)));
    ASSERT_TRUE(*got);
    EXPECT_EQ((*got)->index, 5U);
    EXPECT_TRUE(loop.run_until([&] { return requests.erased == 1; }, milliseconds(100)));
}

TEST_F(HubTest, ARefusalIsAnErrorWithTheStoresSentence) {
    std::optional<Result<wire::Answer>> got;
    wire::Request request;
    request.job = "bad";
    hub.ask(request, [&](Result<wire::Answer> answer) { got = std::move(answer); });
    EXPECT_TRUE(loop.run_until([&] { return got.has_value(); }, milliseconds(100)));
    ASSERT_FALSE(*got);
    EXPECT_EQ(got->error().kind, ErrorKind::not_found);
    EXPECT_EQ(got->error().message, "there is no such job");
}

TEST_F(HubTest, ASilentStoreIsSaidToBeSoAfterTenSeconds) {
    requests.silent = true;
    std::optional<Result<wire::Answer>> got;
    hub.ask({}, [&](Result<wire::Answer> answer) { got = std::move(answer); });
    loop.run_for(milliseconds(9'900));
    EXPECT_FALSE(got.has_value());
    loop.run_for(milliseconds(200));
    ASSERT_TRUE(got.has_value() && !*got);
    EXPECT_EQ(got->error().kind, ErrorKind::unavailable);
    EXPECT_NE(got->error().message.find("state-store did not answer"), std::string::npos);
}

TEST_F(HubTest, AnAnswerArrivesWhateverTheNetworkLoses) {
    bus::SimNetwork::Faults faults;
    faults.loss = 0.3;
    faults.duplication = 0.2;
    faults.delay_max = milliseconds(20);
    network.set_faults(faults);
    int answered = 0;
    for (int i = 0; i < 50; ++i) {
        wire::Request request;
        request.job = "web";
        hub.ask(request, [&](const Result<wire::Answer>& answer) { answered += answer ? 1 : 0; });
    }
    EXPECT_TRUE(loop.run_until([&] { return answered == 50; }, seconds(10)));
}

TEST_F(HubTest, TooManyOpenRequestsAreRefusedAtOnce) {
    requests.silent = true;
    int refused = 0;
    for (std::size_t i = 0; i < Statements<wire::Request, wire::Answer>::kMaxOpen + 3; ++i) {
        hub.ask({}, [&](const Result<wire::Answer>& answer) { refused += answer ? 0 : 1; });
    }
    EXPECT_EQ(refused, 3);
    hub.close();
}

TEST_F(HubTest, ALogIsReadFromTheNodesDriverManager) {
    std::optional<Result<wire::LogChunk>> got;
    wire::LogRead read;
    read.node = "n-1";
    hub.read_log(read, [&](Result<wire::LogChunk> chunk) { got = std::move(chunk); });
    EXPECT_TRUE(loop.run_until([&] { return got.has_value(); }, milliseconds(100)));
    ASSERT_TRUE(*got);
    EXPECT_EQ((*got)->data, "hello");
}

TEST_F(HubTest, WhoWaitsForAStateIsToldWhenItComesAndWhenItDoesNot) {
    bus::KeyedFeed state{7};
    store.offer("state", state);
    std::optional<bool> came, never;
    hub.until([](const Mirror& m) { return m.job("web") != nullptr; }, seconds(5), [&](bool held) { came = held; });
    hub.until([](const Mirror& m) { return m.job("no") != nullptr; }, seconds(5), [&](bool held) { never = held; });
    state.put("job/web", "JobDesired", wire::encode(test::job("web")));
    store.changed("state");
    EXPECT_TRUE(loop.run_until([&] { return came.has_value(); }, seconds(2)));
    EXPECT_TRUE(*came);
    loop.run_for(seconds(6));
    ASSERT_TRUE(never.has_value());
    EXPECT_FALSE(*never);
}

TEST_F(HubTest, ANewEventIsAHint) {
    bus::KeyedFeed events{7};
    store.offer("task/event", events);
    loop.run_for(seconds(2));
    const std::uint64_t before = hints.count();
    events.put("web/4f1c/server", "TaskEvent", "x");
    store.changed("task/event");
    EXPECT_TRUE(loop.run_until([&] { return hints.count() > before; }, milliseconds(100)));
}

TEST_F(HubTest, ClosingAnswersEverybodyWhoWaits) {
    requests.silent = true;
    bool failed = false, held = true;
    hub.ask({}, [&](const Result<wire::Answer>& answer) { failed = !answer; });
    hub.until([](const Mirror&) { return false; }, seconds(60), [&](bool value) { held = value; });
    hub.close();
    EXPECT_TRUE(failed);
    EXPECT_FALSE(held);
}

}  // namespace
}  // namespace drover::gateway
