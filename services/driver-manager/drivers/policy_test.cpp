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

TEST(DriverPolicy, ExternalDriversAreKnownByTheirPrograms) {
    EXPECT_TRUE(check({.allow = {"podman", "mock"}, .block = {}}, {{"podman", "/opt/podman"}}));
    EXPECT_FALSE(check({.allow = {"podman"}, .block = {}}, {{"python", "/opt/python"}}));
}

TEST(DriverPolicy, TemplatesReadFilesOfTheNodeOnlyWhereTheirTaskMay) {
    for (const char* driver : {"exec", "docker"}) EXPECT_FALSE(may_read_host({.raw_exec_root = true}, driver, true));
    EXPECT_FALSE(may_read_host({}, "raw_exec", true)) << "a task that is not root could not read them";
    EXPECT_TRUE(may_read_host({.raw_exec_root = true}, "raw_exec", true));
    EXPECT_TRUE(may_read_host({}, "raw_exec", false)) << "the task is the same user";
    EXPECT_TRUE(may_read_host({.host_files = true}, "exec", true));
}

TEST(DriverFingerprint, NoProcessIsHealthyWithoutAShimToStartIt) {
    HostFacts crippled = kWorking;
    crippled.shim = false;
    for (const Driver& driver : all_drivers()) {
        if (driver.name == "docker") continue;  // a container has another supervisor
        const wire::DriverInfo info = driver.fingerprint(crippled);
        EXPECT_TRUE(info.detected && !info.healthy) << driver.name;
        EXPECT_THAT(info.description, HasSubstr("drover-shim")) << driver.name;
    }
}

}  // namespace
}  // namespace drover::drivers
