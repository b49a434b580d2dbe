#include "bus/roles.hpp"

#include <gtest/gtest.h>

#include "wire/codec.hpp"
#include "wire/envelope.hpp"

namespace drover::bus {
namespace {

std::string said(const std::string& from, const std::string& stream) {
    wire::Envelope envelope;
    envelope.from = from;
    envelope.stream = stream;
    return wire::encode(envelope);
}

TEST(Roles, ATapKeyMayListenWhereMonitorsDoAndNothingElse) {
    EXPECT_TRUE(may_connect(Role::tap, true));
    EXPECT_FALSE(may_connect(Role::tap, false));
    EXPECT_FALSE(may_introduce(Role::tap, "gateway"));
    EXPECT_FALSE(may_say(Role::tap, "v1/request/g/1/", said("g", "request/g")));
}

TEST(Roles, ASubmitKeyIsThatOfAGatewayWhoseRequestsCount) {
    EXPECT_TRUE(may_connect(Role::submit, false));
    EXPECT_TRUE(may_introduce(Role::submit, "gateway"));
    EXPECT_FALSE(may_introduce(Role::submit, "state-store"));
    EXPECT_TRUE(may_say(Role::submit, "v1/request/g/1/", said("g", "request/g")));
    EXPECT_TRUE(may_say(Role::submit, "v1/replay/state-store-0/g/", said("g", "request/g")));
    EXPECT_TRUE(may_say(Role::submit, "v1/logread/g/1/", said("g", "logread/g")));
    EXPECT_TRUE(may_say(Role::submit, "v1/session/g/1/", said("g", "session/g")));
    EXPECT_TRUE(may_say(Role::submit, "v1/vector/gateway/g/", said("g", "vector")));
}

TEST(Roles, ASubmitKeySpeaksForNobodyElse) {
    EXPECT_FALSE(may_say(Role::submit, "v1/request/h/1/", said("g", "request/h")));
    EXPECT_FALSE(may_say(Role::submit, "v1/request/g/1/", said("g", "state")));
    EXPECT_FALSE(may_say(Role::submit, "v1/session/g/1/", said("g", "session/h")));
    EXPECT_FALSE(may_say(Role::submit, "v1/session/g/1/", said("g", "sessionseen/g")));
    EXPECT_FALSE(may_say(Role::submit, "v1/replay/n1/g/", said("g", "task/command/n1")));
    EXPECT_FALSE(may_say(Role::submit, "v1/vector/state-store/g/", said("g", "vector")));
    EXPECT_FALSE(may_say(Role::submit, "v1/vector/gateway/g/", said("state-store-0", "vector")));
    EXPECT_FALSE(may_say(Role::submit, "v1/request/g/1/", "no envelope"));
}

TEST(Roles, AreReadAsTheyAreWritten) {
    for (const Role role : {Role::service, Role::submit, Role::tap}) EXPECT_EQ(parse_role(to_string(role)), role);
    EXPECT_FALSE(parse_role("root"));
}

}  // namespace
}  // namespace drover::bus
