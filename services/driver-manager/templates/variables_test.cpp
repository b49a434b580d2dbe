#include "driver-manager/templates/variables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "secret/seal.hpp"

namespace drover::templates {
namespace {

using templating::Source;
using templating::State;
using testing::ElementsAre;
using testing::HasSubstr;

const templating::Reference kPassword{Source::variable, "db/main", "password"};

class VariablesTest : public testing::Test {
   protected:
    wire::VariableDesired variable(const std::string& path = "db/main") const {
        const std::string sealed = secret::seal(keys.public_key, path + " password", "hunter2").value();
        return {path, 1, {{"password", {"", sealed}}, {"user", {"app", ""}}}, {}};
    }

    const secret::KeyPair keys = secret::make_keys().value();
    Variables variables{keys.private_key};
};

TEST_F(VariablesTest, SecretsAreOpenedForTemplatesOnly) {
    variables.put(variable());
    variables.set_heard(true);
    EXPECT_EQ(variables.find(kPassword).text, "hunter2");
    EXPECT_EQ(variables.find({Source::variable, "db/main", "user"}).text, "app");
    EXPECT_EQ(variables.find({Source::variable, "db/main", ""}).items,
              (std::map<std::string, std::string>{{"password", "hunter2"}, {"user", "app"}}));
}

TEST_F(VariablesTest, WhatIsNotThereIsNamed) {
    variables.put(variable());
    variables.set_heard(true);
    EXPECT_EQ(variables.find({Source::variable, "db/other", "x"}).what, "variable db/other");
    EXPECT_EQ(variables.find({Source::variable, "db/main", "x"}).what, "item x of variable db/main");
    EXPECT_EQ(variables.find({Source::variable, "db/main", "x"}).state, State::absent);
}

TEST_F(VariablesTest, NothingIsKnownWhileTheStoreIsNotHeard) {
    variables.put(variable());
    EXPECT_EQ(variables.find(kPassword).state, State::unknown);
    EXPECT_THAT(variables.find(kPassword).what, HasSubstr("state-store is not heard"));
}

TEST_F(VariablesTest, ASecretThatCannotBeOpenedIsUnknownAndSaysWhy) {
    Variables without{""};
    Variables other{secret::make_keys()->private_key};
    for (Variables* one : {&without, &other}) {
        one->put(variable());
        one->set_heard(true);
        EXPECT_EQ(one->find(kPassword).state, State::unknown);
        EXPECT_EQ(one->find({Source::variable, "db/main", ""}).state, State::unknown);
    }
    EXPECT_THAT(without.find(kPassword).what, HasSubstr("no secrets_private_key_file"));
    EXPECT_THAT(other.find(kPassword).what, HasSubstr("sealed for another key"));
}

TEST_F(VariablesTest, ANewSnapshotForgetsWhatItDoesNotName) {
    variables.put(variable());
    variables.put(variable("web/a"));
    variables.set_heard(true);
    variables.begin_snapshot();
    variables.put(variable());
    EXPECT_EQ(variables.find({Source::variable, "web/a", "user"}).text, "app");
    EXPECT_THAT(variables.end_snapshot(), ElementsAre("web/a"));
    EXPECT_EQ(variables.find({Source::variable, "web/a", "user"}).state, State::absent);
    EXPECT_EQ(variables.find(kPassword).text, "hunter2");
}

TEST_F(VariablesTest, AChangedSecretIsOpenedAnew) {
    variables.put(variable());
    variables.set_heard(true);
    EXPECT_EQ(variables.find(kPassword).text, "hunter2");
    wire::VariableDesired changed = variable();
    changed.items["password"].sealed = secret::seal(keys.public_key, "db/main password", "new").value();
    variables.put(changed);
    EXPECT_EQ(variables.find(kPassword).text, "new");
}

}  // namespace
}  // namespace drover::templates
