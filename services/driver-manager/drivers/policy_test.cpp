#include "driver-manager/drivers/policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::drivers {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const HostFacts kWorking{.root = true,
                         .shim = true,
                         .mock_task = "/opt/drover-mock-task",
                         .runtime = "/usr/bin/crun",
                         .cgroups = true,
                         .mounts = true};

TEST(DriverPolicy, AllowsEveryDriverUnlessItsOwnerSaysOtherwise) {
    EXPECT_TRUE(permit({}, "raw_exec"));
    EXPECT_TRUE(permit({.allow = {"mock"}, .block = {}}, "mock"));
    EXPECT_THAT(permit({.allow = {"mock"}, .block = {}}, "raw_exec").error().message,
                HasSubstr("drivers_allow does not name it"));
    EXPECT_THAT(permit({.allow = {}, .block = {"raw_exec"}}, "raw_exec").error().message,
                HasSubstr("drivers_block names it"));
    EXPECT_FALSE(permit({.allow = {"mock"}, .block = {"mock"}}, "mock")) << "a block has the last word";
}

TEST(DriverPolicy, ANameThatIsNoDriverIsRefusedWithTheNearest) {
    EXPECT_TRUE(check({.allow = {"mock", "raw_exec"}, .block = {"mock"}}));
    EXPECT_THAT(check({.allow = {"raw_exek"}, .block = {}}).error().message,
                AllOf(HasSubstr("drivers_allow"), HasSubstr("did you mean raw_exec?")));
    EXPECT_THAT(check({.allow = {}, .block = {"podman"}}).error().message,
                AllOf(HasSubstr("drivers_block"), HasSubstr("the drivers are raw_exec exec docker mock")));
}

TEST(DriverPolicy, RawExecRunsNothingAsRootUnlessItsOwnerAllowsIt) {
    EXPECT_THAT(permit_user({}, "raw_exec", 0).error().message,
                AllOf(HasSubstr("raw_exec_root"), HasSubstr("give the task a user")));
    EXPECT_TRUE(permit_user({}, "raw_exec", 1000));
    EXPECT_TRUE(permit_user({.raw_exec_root = true}, "raw_exec", 0));
    EXPECT_TRUE(permit_user({}, "exec", 0)) << "it is isolated";
}

TEST(DriverPolicy, TemplatesReadFilesOfTheNodeOnlyWhereTheirTaskMay) {
    for (const char* driver : {"exec", "docker"}) EXPECT_FALSE(may_read_host({.raw_exec_root = true}, driver, true));
    EXPECT_FALSE(may_read_host({}, "raw_exec", true)) << "a task that is not root could not read them";
    EXPECT_TRUE(may_read_host({.raw_exec_root = true}, "raw_exec", true));
    EXPECT_TRUE(may_read_host({}, "raw_exec", false)) << "the task is the same user";
    EXPECT_TRUE(may_read_host({.host_files = true}, "exec", true));
}

TEST(DriverHealth, AForbiddenDriverIsNotThereAndSaysWhy) {
    Health health({.allow = {}, .block = {"raw_exec"}});
    const auto& seen = health.look(kWorking);
    EXPECT_FALSE(seen.at("raw_exec").detected || seen.at("raw_exec").healthy);
    EXPECT_THAT(seen.at("raw_exec").description, HasSubstr("forbidden on this node"));
    EXPECT_TRUE(seen.at("mock").healthy);
}

TEST(DriverHealth, OneThatWorkedAndNoLongerDoesIsUnhealthyUntilItWorksAgain) {
    Health health({});
    EXPECT_FALSE(health.look({.shim = true}).at("mock").detected) << "it has never been there";
    EXPECT_TRUE(health.look(kWorking).at("mock").healthy);
    const wire::DriverInfo lost = health.look({.root = true, .shim = true}).at("mock");
    EXPECT_TRUE(lost.detected);
    EXPECT_FALSE(lost.healthy);
    EXPECT_THAT(lost.description, HasSubstr("not installed"));
    EXPECT_TRUE(health.look(kWorking).at("mock").healthy);
}

TEST(DriverHealth, NoProcessIsHealthyWithoutAShimToStartIt) {
    Health health({.allow = {}, .block = {"docker"}});
    health.look(kWorking);
    HostFacts crippled = kWorking;
    crippled.shim = false;
    const auto& seen = health.look(crippled);
    for (const auto& [name, info] : seen) {
        if (name == "docker") continue;  // a container has another supervisor
        EXPECT_TRUE(info.detected && !info.healthy) << name;
        EXPECT_THAT(info.description, HasSubstr("drover-shim")) << name;
    }
}

}  // namespace
}  // namespace drover::drivers
