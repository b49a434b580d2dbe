#include "state-store/core/variables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "state-store/core/requests.hpp"
#include "state-store/core/test_record.hpp"

namespace drover::store {
namespace {

using testing::HasSubstr;

class VariablesTest : public testing::Test {
   protected:
    wire::Answer ask(const wire::Request& request, Instant now = kNow) {
        Draft draft(record);
        const auto answer = answer_change(draft, request, "uid", now);
        EXPECT_TRUE(answer);
        written = record.commit(draft);
        return answer.value_or(wire::Answer{});
    }
    wire::Answer put(const std::string& path, std::map<std::string, wire::VariableItem> items,
                     std::uint64_t version = 0, Instant now = kNow) {
        wire::Request request;
        request.id = "r" + std::to_string(++requests);
        request.ask = wire::Ask::variable_put;
        request.variable = wire::VariableDesired{path, version, std::move(items), {}};
        return ask(request, now);
    }
    wire::Answer remove(const std::string& path) {
        wire::Request request;
        request.id = "r" + std::to_string(++requests);
        request.ask = wire::Ask::variable_remove;
        request.path = path;
        return ask(request);
    }
    wire::VariableDesired recorded() const { return record.get<wire::VariableDesired>("variable/db/main"); }

    TestRecord record;
    std::string written;
    int requests = 0;
};

TEST_F(VariablesTest, EveryPutIsANewVersionThatReplacesEveryItem) {
    EXPECT_EQ(put("db/main", {{"user", {"app", ""}}, {"password", {"", "sealed"}}}).index, 1U);
    EXPECT_EQ(written, "variable/db/main done/r1 ");
    EXPECT_EQ(recorded().items.at("password").sealed, "sealed");
    EXPECT_EQ(put("db/main", {{"user", {"web", ""}}}, 0, kNow + seconds(5)).index, 2U);
    EXPECT_EQ(recorded().items.size(), 1U);
    EXPECT_EQ(recorded().changed_at, kNow + seconds(5));
    EXPECT_EQ(record_kind("variable/db/main"), "VariableDesired");
    EXPECT_EQ(space_of("variable/db/main"), kStateSpace);
}

TEST_F(VariablesTest, APutOfAnotherVersionThanTheRecordedOneIsAConflictThatNamesBoth) {
    put("db/main", {{"a", {"1", ""}}});
    put("db/main", {{"a", {"2", ""}}});
    const wire::Answer late = put("db/main", {{"a", {"3", ""}}}, 1);
    EXPECT_EQ(late.error_kind, "conflict");
    EXPECT_THAT(late.message, HasSubstr("is at version 2, but version 1 was to be replaced"));
    EXPECT_EQ(recorded().items.at("a").value, "2");
    EXPECT_EQ(put("db/main", {{"a", {"3", ""}}}, 2).index, 3U);
    EXPECT_THAT(put("db/other", {{"a", {"3", ""}}}, 2).message, HasSubstr("does not exist"));
}

TEST_F(VariablesTest, ARemovedVariableIsGone) {
    put("db/main", {{"a", {"1", ""}}});
    EXPECT_TRUE(remove("db/main").ok);
    EXPECT_FALSE(record.values.contains("variable/db/main"));
    EXPECT_EQ(remove("db/main").error_kind, "not_found");
}

TEST_F(VariablesTest, PathsAndNamesAreFitForKeysAndTopics) {
    for (const char* path : {"", "/", "/db", "db/", "db//main", "db/..", "a b", "db/ma*n", "d\xc3\xa4"}) {
        EXPECT_EQ(put(path, {{"a", {"1", ""}}}).error_kind, "invalid") << path;
        EXPECT_EQ(remove(path).error_kind, "invalid") << path;
    }
    EXPECT_EQ(put(std::string(kMaxVariablePath + 1, 'a'), {{"a", {"1", ""}}}).error_kind, "invalid");
    EXPECT_TRUE(put("a/b.c/d-e/_f", {{"a", {"1", ""}}}).ok);
    EXPECT_THAT(put("db/main", {{"a/b", {"1", ""}}}).message, HasSubstr("item name \"a/b\""));
    EXPECT_THAT(put("db/main", {}).message, HasSubstr("no items"));
}

TEST_F(VariablesTest, AVariableFitsIntoAMessage) {
    EXPECT_TRUE(put("db/main", {{"a", {std::string(23'000, 'x'), ""}}}).ok);
    EXPECT_THAT(put("db/main", {{"a", {std::string(25'000, 'x'), ""}}}).message, HasSubstr("the limit is 24576"));
    std::map<std::string, wire::VariableItem> many;
    for (std::size_t i = 0; i <= kMaxVariableItems; ++i) many["i" + std::to_string(i)] = {"1", ""};
    EXPECT_THAT(put("db/main", many).message, HasSubstr("65 items, the limit is 64"));
    EXPECT_THAT(put("db/main", {{"a", {"1", "s"}}}).message, HasSubstr("both plain and secret"));
}

TEST_F(VariablesTest, ARequestWithoutAVariableIsRefused) {
    wire::Request request;
    request.id = "r";
    request.ask = wire::Ask::variable_put;
    EXPECT_EQ(ask(request).error_kind, "invalid");
}

}  // namespace
}  // namespace drover::store
