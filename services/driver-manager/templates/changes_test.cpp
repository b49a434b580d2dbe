#include "driver-manager/templates/changes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver-manager/templates/env_lines.hpp"

namespace drover::templates {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::ChangeMode;

constexpr Instant kNow{seconds(1000).ns};

wire::Template of(const std::string& destination, ChangeMode mode, const std::string& signal = "") {
    wire::Template spec;
    spec.destination = destination;
    spec.change_mode = mode;
    spec.change_signal = signal;
    spec.splay = {};
    return spec;
}

std::vector<Outcome> texts(std::vector<std::string> list) {
    std::vector<Outcome> out;
    for (std::string& text : list) out.push_back({std::move(text), ""});
    return out;
}

class ChangesTest : public testing::Test {
   protected:
    std::vector<std::size_t> see(const std::vector<Outcome>& outcomes, Instant now = kNow) {
        latest = outcomes;
        return follow(memory, templates, outcomes, "a1/server", now);
    }
    wire::RenderObserved observed() const { return describe(memory, templates, latest); }

    std::vector<wire::Template> templates = {of("a", ChangeMode::noop), of("b", ChangeMode::signal, "SIGHUP"),
                                             of("c", ChangeMode::restart), of("d", ChangeMode::script)};
    std::vector<Outcome> latest;
    Memory memory;
};

TEST_F(ChangesTest, OnlyADifferentTextIsAChange) {
    begin(memory, templates, texts({"1", "1", "1", "1"}));
    EXPECT_THAT(see(texts({"1", "1", "1", "1"})), IsEmpty());
    EXPECT_EQ(observed(), wire::RenderObserved{});
    EXPECT_THAT(see(texts({"2", "1", "1", "1"})), ElementsAre(0));
    EXPECT_EQ(observed().number, 1U);
    EXPECT_EQ(observed().mode, ChangeMode::noop);
    EXPECT_EQ(observed().what, "template a");
    EXPECT_THAT(see(texts({"2", "1", "1", "1"})), IsEmpty());
    EXPECT_EQ(observed().number, 1U);
}

TEST_F(ChangesTest, TheStrongestOfSeveralChangesIsSaidAndARestartMakesTheOthersNeedless) {
    begin(memory, templates, texts({"1", "1", "1", "1"}));
    EXPECT_THAT(see(texts({"2", "2", "1", "2"})), ElementsAre(0, 1, 3));
    EXPECT_EQ(observed().mode, ChangeMode::signal);
    EXPECT_EQ(observed().signal, "SIGHUP");
    Memory other = memory;
    EXPECT_EQ(acknowledge(other, 1), (Act{{"SIGHUP"}, {"d"}}));
    EXPECT_THAT(see(texts({"2", "2", "2", "2"})), ElementsAre(2));
    EXPECT_EQ(observed().number, 2U);
    EXPECT_EQ(observed().mode, ChangeMode::restart);
    EXPECT_EQ(acknowledge(memory, 2), Act{});
    EXPECT_EQ(observed().mode, ChangeMode::noop);
    EXPECT_EQ(observed().number, 2U);
}

TEST_F(ChangesTest, AnAcknowledgementReachesOnlyTheChangesUpToIt) {
    begin(memory, templates, texts({"1", "1", "1", "1"}));
    see(texts({"1", "2", "1", "1"}));
    see(texts({"1", "2", "1", "2"}));
    EXPECT_EQ(acknowledge(memory, 1), (Act{{"SIGHUP"}, {}}));
    EXPECT_EQ(acknowledge(memory, 1), Act{});
    EXPECT_EQ(observed().mode, ChangeMode::script);
    EXPECT_EQ(acknowledge(memory, 2), (Act{{}, {"d"}}));
}

TEST_F(ChangesTest, AStartKnowsTheNewestRenderSoNothingBeforeItActsAnyMore) {
    begin(memory, templates, texts({"1", "1", "1", "1"}));
    see(texts({"1", "1", "2", "1"}));
    begin(memory, templates, texts({"1", "1", "2", "1"}));
    EXPECT_EQ(observed().mode, ChangeMode::noop);
    EXPECT_EQ(observed().number, 1U);
    EXPECT_THAT(see(texts({"1", "1", "2", "1"})), IsEmpty());
}

TEST_F(ChangesTest, SplayIsAHashAndAFurtherChangeDoesNotPutItOff) {
    for (wire::Template& spec : templates) spec.splay = seconds(10);
    begin(memory, templates, texts({"1", "1", "1", "1"}));
    see(texts({"1", "2", "1", "1"}));
    const Instant due = observed().due_at;
    EXPECT_GE(due, kNow);
    EXPECT_LT(due, kNow + seconds(10));
    see(texts({"1", "3", "1", "1"}), kNow + seconds(3));
    EXPECT_EQ(observed().due_at, due);
    EXPECT_EQ(observed().number, 2U);
}

TEST_F(ChangesTest, WithoutItsSourcesTheLastGoodRenderStaysAndIsSaidToBeStale) {
    templates[2].on_stale = wire::OnStale::restart;
    templates[2].stale_after = minutes(5);
    begin(memory, templates, texts({"1", "1", "1", "1"}));
    std::vector<Outcome> away = texts({"1", "1", "1", "1"});
    away[0] = {std::nullopt, "the state-store is not heard"};
    away[2] = {std::nullopt, "the state-store is not heard"};
    EXPECT_THAT(see(away), IsEmpty());
    EXPECT_THAT(see(away, kNow + seconds(9)), IsEmpty());
    EXPECT_EQ(observed().stale_since, kNow);
    EXPECT_EQ(observed().stale_why, "the state-store is not heard");
    EXPECT_EQ(observed().on_stale, wire::OnStale::restart);
    EXPECT_EQ(observed().stale_due, kNow + minutes(5));
    EXPECT_EQ(observed().number, 0U);
    EXPECT_THAT(see(texts({"1", "1", "1", "1"})), IsEmpty());
    EXPECT_EQ(observed(), wire::RenderObserved{});
}

TEST_F(ChangesTest, FailedActsAreCountedAndTheLatestIsSaid) {
    begin(memory, templates, texts({"1", "1", "1", "1"}));
    note_failure(memory, "first");
    note_failure(memory, "second");
    EXPECT_EQ(observed().act_failures, 2U);
    EXPECT_EQ(observed().act_error, "second");
    begin(memory, templates, texts({"1", "1", "1", "1"}));
    EXPECT_EQ(observed().act_failures, 2U) << "a count that falls would hide the next failure";
}

TEST_F(ChangesTest, MemorySurvivesItsFile) {
    begin(memory, templates, texts({"1", "1", "1", "1"}));
    see(texts({"1", "2", "1", "2"}));
    std::vector<Outcome> away = texts({"1", "2", "1", "2"});
    away[0] = {std::nullopt, "x"};
    see(away);
    memory.renders["with a space/x"] = {7, kNow};
    note_failure(memory, "it\nfailed");
    EXPECT_EQ(memory.error, "it failed");
    EXPECT_EQ(parse_memory(to_text(memory)).value(), memory);
    EXPECT_EQ(parse_memory(to_text(Memory{})).value(), Memory{});
    for (const std::string text : {"", "templates 2\n", "templates 1\nnumber x\n", "templates 1\nrender 1\n",
                                   "templates 1\nchange 1 often 5 - a\n", "templates 1\nfailures x\n",
                                   "templates 1\nfailures 0 why\n", "templates 1\nnumber 1"}) {
        EXPECT_FALSE(parse_memory(text)) << text;
    }
}

TEST(ListNames, NamesThreeAndCountsTheRest) {
    EXPECT_EQ(list_names({"a"}), "a");
    EXPECT_EQ(list_names({"a", "b", "c", "d", "e"}), "a, b, c and 2 more");
}

TEST(EnvLines, AreReadAsAShellWouldWriteThem) {
    const auto env =
        parse_env("# comment\nA=1\n\n export B = two words \nC='x\\n'\nD=\"x\\n\\\"y\\\"\"\r\nE=\n").value();
    EXPECT_EQ(env, (std::map<std::string, std::string>{
                       {"A", "1"}, {"B", "two words"}, {"C", "x\\n"}, {"D", "x\n\"y\""}, {"E", ""}}));
}

TEST(EnvLines, AWrongLineIsNamedByNumberOnly) {
    for (const std::string text : {"A=1\nhunter2\n", "A=1\n9A=hunter2", "A=1\nB=\"hunter2"}) {
        const auto env = parse_env(text);
        ASSERT_FALSE(env) << text;
        EXPECT_EQ(env.error().message, "line 2 is not NAME=value");
    }
}

}  // namespace
}  // namespace drover::templates
