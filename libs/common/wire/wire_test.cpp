#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "wire/messages.hpp"
#include "wire/random.hpp"
#include "wire/schema.hpp"

namespace drover::wire {
namespace {

template <class T>
class EveryMessage : public testing::Test {};

using All =
    testing::Types<JobSpec, JobDesired, AllocDesired, AllocOrder, TaskCommand, Members, TaskObserved, NodeObserved,
                   NodeStatus, TaskStatus, AllocStatus, TaskEvent, AllocReport, AllocRecorded, Request, Answer, LogRead,
                   LogChunk, TaskUsage, DriverTask, DriverCall, DriverAnswer, PeerAddress, Envelope, Vector>;
TYPED_TEST_SUITE(EveryMessage, All);

TYPED_TEST(EveryMessage, ComesBackAsItWasSent) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const auto message = RandomMessage(seed).make<TypeParam>();
        const auto back = decode<TypeParam>(encode(message));
        ASSERT_TRUE(back.has_value()) << back.error().message;
        EXPECT_EQ(*back, message);
    }
}

TYPED_TEST(EveryMessage, SurvivesAnyDamageToItsBytes) {
    std::mt19937_64 random(1);
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        std::string bytes = encode(RandomMessage(seed).make<TypeParam>());
        for (int flips = 0; flips < 3 && !bytes.empty(); ++flips) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        if (random() % 3 == 0) bytes.resize(random() % (bytes.size() + 1));
        const auto back = decode<TypeParam>(bytes);
        EXPECT_TRUE(back || back.error().kind == ErrorKind::invalid);
        (void)to_json(std::string_view(bytes));
    }
}

std::string packed(const std::function<void(Writer&)>& write) {
    std::string out;
    Writer writer(out);
    write(writer);
    return out;
}

std::string error_of(const std::string& bytes) {
    const auto result = decode<RestartPolicy>(bytes);
    return result ? "" : result.error().message;
}

TEST(Codec, SkipsUnknownKeysAndKeepsDefaultsForMissingOnes) {
    const auto policy = decode<RestartPolicy>(packed([](Writer& w) {
        w.map(2);
        w.str("colour");
        w.array(1);
        w.str("red");
        w.str("attempts");
        w.integer(7);
    }));
    ASSERT_TRUE(policy.has_value());
    EXPECT_EQ(policy->attempts, 7U);
    EXPECT_EQ(policy->interval, RestartPolicy{}.interval);
}

TEST(Codec, AcceptsTheFieldsInAnyOrder) {
    const auto policy = decode<RestartPolicy>(packed([](Writer& w) {
        w.map(2);
        w.str("mode");
        w.str("delay");
        w.str("attempts");
        w.integer(1);
    }));
    ASSERT_TRUE(policy.has_value());
    EXPECT_EQ(policy->mode, RestartMode::delay);
}

TEST(Codec, RefusesWithThePathOfTheField) {
    EXPECT_EQ(error_of(packed([](Writer& w) { w.map(1), w.str("attempts"), w.str("x"); })),
              "RestartPolicy.attempts: expected an integer");
    EXPECT_EQ(error_of(packed([](Writer& w) { w.map(1), w.str("attempts"), w.integer(-1); })),
              "RestartPolicy.attempts: expected an integer in range");
    EXPECT_EQ(error_of(packed([](Writer& w) { w.map(1), w.str("attempts"), w.integer(INT64_MAX); })),
              "RestartPolicy.attempts: expected an integer in range");
    EXPECT_EQ(error_of(packed([](Writer& w) { w.map(1), w.str("mode"), w.str("explode"); })),
              "RestartPolicy.mode: expected a known word");
    EXPECT_EQ(
        error_of(packed([](Writer& w) { w.map(2), w.str("attempts"), w.integer(1), w.str("attempts"), w.integer(2); })),
        "RestartPolicy.attempts: expected each key once");
    EXPECT_EQ(error_of(packed([](Writer& w) { w.array(0); })), "RestartPolicy: expected a map");
}

TEST(Codec, RefusesTrailingBytesDepthAndLength) {
    const std::string good = encode(RestartPolicy{});
    EXPECT_NE(error_of(good + "x"), "");
    EXPECT_NE(error_of(good.substr(0, good.size() - 1)), "");
    EXPECT_NE(error_of(std::string(100'000, '\x91')), "");            // 100,000 levels of one-element lists
    EXPECT_NE(error_of(std::string("\xdd\xff\xff\xff\xff", 5)), "");  // five bytes that ask for 25 GB
    EXPECT_NE(error_of(std::string(kMaxMessage + 1, '\xc0')), "");
}

TEST(Json, ShowsAnyMessageWithoutASchema) {
    Envelope envelope;
    envelope.from = "a\"b\n\xff";
    envelope.records.push_back({1, "Members", "members", false, encode(Members{3, {{"ar-0", "x"}}, {}})});
    EXPECT_EQ(to_json(envelope),
              R"({"v":1,"from":"a\"b\u000a\ufffd","boot":"","stream":"","epoch":0,"prev":0,"reset":false,"at":0,)"
              R"("records":[{"number":1,"kind":"Members","key":"members","erased":false,)"
              R"("body":{"generation":3,"alloc_runners":[{"id":"ar-0","boot":"x"}],"complete_since":0}}]})");
    EXPECT_EQ(to_json(LogChunk{"i", "", 0, 3, "abc"}),
              R"({"id":"i","error":"","offset":0,"end":3,"data":"YWJj","marks":[],"now":0})");
}

// Adding a field is fine: it passes once WIRE_LOCK=rewrite has recorded it. What is there already may not change.
TEST(WireLock, NothingReleasedIsRemovedRenamedOrRetyped) {
    const std::string path = std::string(WIRE_SOURCE_DIR) + "/wire.lock";
    const std::vector<std::string> now = schema();
    std::set<std::string> locked;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) locked.insert(line);
    const std::set<std::string> present(now.begin(), now.end());
    for (const std::string& line : locked) {
        EXPECT_EQ(present.count(line), 1U) << "no longer there as it was: " << line;
    }
    const char* rewrite = std::getenv("WIRE_LOCK");
    if (rewrite != nullptr && std::string(rewrite) == "rewrite") {
        std::ofstream out(path);
        for (const std::string& line : now) out << line << '\n';
        return;
    }
    for (const std::string& line : present) {
        EXPECT_EQ(locked.count(line), 1U) << "new, record it with WIRE_LOCK=rewrite: " << line;
    }
}

}  // namespace
}  // namespace drover::wire
