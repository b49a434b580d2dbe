// drover tap, from a recording: what it shows, and what it leaves out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/hash.hpp"
#include "bus/recording.hpp"
#include "cli/tap_rates.hpp"
#include "wire/codec.hpp"
#include "wire/envelope.hpp"
#include "wire/status.hpp"

namespace drover::cli {
namespace {

using testing::HasSubstr;

bus::Heard event(std::uint64_t number, const std::string& job, const std::string& type) {
    wire::TaskEvent said;
    said.job = job;
    said.type = type;
    said.n = number;
    wire::Envelope envelope;
    envelope.from = "store-0";
    envelope.boot = "b";
    envelope.stream = "task/event";
    envelope.epoch = 1;
    envelope.prev = number - 1;
    envelope.records.push_back({number, "TaskEvent", job + "/a/t", false, wire::encode(said)});
    return {Instant{1}, "v1/task/event/" + job + "/a/t/", wire::encode(envelope)};
}

class TapReplay : public testing::Test {
   protected:
    void SetUp() override {
        session.out = [this](std::string_view text) { out += text; };
        session.err = [this](std::string_view text) { err += text; };
        session.now = [] { return Instant{seconds(1'000'000).ns}; };
        path = testing::TempDir() + "drover-tap-" + random_hex(8);
        auto recorder = bus::Recorder::create(path).value();
        for (const auto& heard : {event(1, "web", "Started"), event(2, "db", "Started"), event(5, "web", "Terminated"),
                                  bus::Heard{Instant{1}, "v1/other/", "\xc1"}}) {
            ASSERT_TRUE(recorder.add(heard));
        }
    }
    void TearDown() override { std::filesystem::remove(path); }

    std::vector<Json> replay(std::vector<std::string> words) {
        out.clear();
        err.clear();
        session.json = false;
        words.insert(words.begin(), "tap");
        words.insert(words.end(), {"--replay", path, "-o", "json"});
        EXPECT_EQ(run_cli(session, words), kOk) << err;
        std::vector<Json> lines;
        std::istringstream in(out);
        for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
        return lines;
    }

    Session session;
    std::string out, err, path;
};

TEST_F(TapReplay, ShowsWhatWasHeardAndWhatWasMissed) {
    const auto all = replay({});
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0]["envelope"]["records"][0]["body"]["type"], "Started");
    EXPECT_EQ(all[2]["missed"], 2) << "numbers 3 and 4 went by";
    EXPECT_EQ(all[3]["topic"], "v1/other/") << "what cannot be decoded is shown as it is";
    EXPECT_EQ(replay({"-n", "1"}).size(), 1U);
}

TEST_F(TapReplay, LeavesOutWhatDoesNotMeetEveryCondition) {
    EXPECT_EQ(replay({"task/event/web/"}).size(), 2U);
    EXPECT_EQ(replay({"--where", "type=Started"}).size(), 2U);
    EXPECT_EQ(replay({"--where", "type=Started", "--key", "web/"}).size(), 1U);
    EXPECT_EQ(replay({"--where", "n=5"}).size(), 1U);
    EXPECT_EQ(replay({"--kind", "TaskEvent", "--from", "store-0"}).size(), 3U);
    EXPECT_EQ(replay({"--kind", "NodeStatus"}).size(), 0U);
    EXPECT_EQ(replay({"--from", "store-1"}).size(), 0U);
    EXPECT_EQ(run_cli(session, {"tap", "--replay", path, "--where", "type"}), kUsage);
    EXPECT_THAT(err, HasSubstr("is not FIELD=VALUE"));
}

TEST_F(TapReplay, OfNoRecordingSaysSo) {
    EXPECT_NE(run_cli(session, {"tap", "--replay", "/dev/null"}), kOk);
    EXPECT_THAT(err, HasSubstr("is no recording"));
}

TEST(TapRates, CountEachSenderAndStreamTheBusiestFirst) {
    TapRates rates("");
    rates.count(event(1, "web", "Started"));
    rates.count(event(4, "web", "Terminated"));
    rates.count({Instant{}, "v1/x/", "\xc1"});
    const Json taken = rates.take(seconds(2));
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_EQ(taken[0]["stream"], "task/event");
    EXPECT_EQ(taken[0]["messages_per_second"], 1.0);
    EXPECT_EQ(taken[0]["missed"], 2);
    EXPECT_EQ(rates.take(seconds(1)).size(), 0U) << "counting begins anew";
}

}  // namespace
}  // namespace drover::cli
