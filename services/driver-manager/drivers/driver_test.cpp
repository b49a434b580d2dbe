#include "driver-manager/drivers/driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver-manager/drivers/test_context.hpp"

namespace drover::drivers {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::Value;

TEST(Drivers, AnUnknownOneIsRefusedWithTheNearestName) {
    EXPECT_THAT(find_driver("raw_exce").error().message, HasSubstr("did you mean raw_exec?"));
    EXPECT_THAT(find_driver("kubernetes").error().message, HasSubstr("the drivers are raw_exec exec docker mock"));
}

TEST(Drivers, EveryOneSaysWhetherItWorksHere) {
    for (const Driver& driver : all_drivers()) {
        const wire::DriverInfo info = driver.fingerprint({.root = true,
                                                          .mock_task = "/opt/drover-mock-task",
                                                          .runtime = "/usr/bin/crun",
                                                          .cgroups = true,
                                                          .mounts = true,
                                                          .docker = true,
                                                          .docker_version = "20.10"});
        EXPECT_TRUE(info.detected && info.healthy) << driver.name;
        EXPECT_TRUE(info.description.starts_with("Healthy")) << info.description;
    }
    EXPECT_FALSE(find_driver("mock").value()->fingerprint({}).detected);
}

TEST(RawExec, MakesAPlanOfWhatTheTaskSays) {
    wire::TaskSpec spec =
        test_spec("raw_exec", {{"command", text("python3")}, {"args", {Value::List{text("-m"), text("http.server")}}}});
    spec.user = "nobody";
    spec.resources = {.cpu = 0.5, .memory = 64 << 20};
    spec.logs = {.max_files = 3, .max_file_size = 1000};
    const auto made = plan(spec, test_context({"/usr/bin/python3"}));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_THAT(made->argv, ElementsAre("/usr/bin/python3", "-m", "http.server"));
    EXPECT_EQ(made->user, "nobody");
    EXPECT_EQ(made->work_dir, "/d/allocs/4f1c/server");
    EXPECT_EQ(made->log_dir, "/d/allocs/4f1c/alloc/logs");
    EXPECT_EQ(made->resources, spec.resources);
    EXPECT_EQ(made->logs, spec.logs);
    EXPECT_EQ(made->start_delay, Duration{});
}

TEST(RawExec, LooksForACommandInTheTaskBeforeTheHost) {
    const wire::TaskSpec spec = test_spec("raw_exec", {{"command", text("run")}});
    const auto found = [&](std::set<std::string> files) {
        const auto made = plan(spec, test_context(std::move(files)));
        return made ? made->argv[0] : made.error().message;
    };
    const std::string local = "/d/allocs/4f1c/server/local/run";
    const std::string root = "/d/allocs/4f1c/server/run";
    EXPECT_EQ(found({local, root, "/bin/run"}), local);
    EXPECT_EQ(found({root, "/bin/run"}), root);
    EXPECT_EQ(found({"/usr/bin/run", "/bin/run"}), "/usr/bin/run");
    EXPECT_THAT(found({}), HasSubstr("cannot find the command run: looked for an executable file in /d/allocs/4f1c"));
}

TEST(RawExec, TakesAnAbsoluteCommandAsItIsAndOtherPathsOnlyInTheTask) {
    const auto found = [](const std::string& command, std::set<std::string> files) {
        return plan(test_spec("raw_exec", {{"command", text(command)}}), test_context(std::move(files)));
    };
    EXPECT_EQ(found("/opt/x", {"/opt/x"})->argv[0], "/opt/x");
    EXPECT_EQ(found("/opt/x", {}).error().kind, ErrorKind::not_found);
    EXPECT_FALSE(found("bin/x", {"/usr/bin/bin/x"}));
    EXPECT_EQ(found("bin/x", {"/d/allocs/4f1c/server/local/bin/x"})->argv[0], "/d/allocs/4f1c/server/local/bin/x");
}

TEST(RawExec, ReplacesReferencesAndLeavesUnknownOnesAlone) {
    wire::TaskSpec spec = test_spec(
        "raw_exec", {{"command", text("${TOOL}")},
                     {"args", {Value::List{text("${GREETING} ${NOPE} ${"), text("$HOME"), text("${node.unique.id}")}}},
                     {"work_dir", text("${NOMAD_TASK_DIR}/x")}});
    spec.env = {{"GREETING", "hello from ${NOMAD_ALLOC_INDEX}"}, {"TOOL", "/bin/tool"}};
    const auto made = plan(spec, test_context({"/bin/tool"}));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_THAT(made->argv, ElementsAre("/bin/tool", "hello from 2 ${NOPE} ${", "$HOME", "n1"));
    EXPECT_EQ(made->work_dir, "/d/allocs/4f1c/server/local/x");
}

TEST(RawExec, SaysEverythingThatIsWrongWithItsConfig) {
    const wire::TaskSpec spec = test_spec(
        "raw_exec",
        {{"comand", text("x")}, {"args", {Value::List{text("a"), {std::int64_t{8080}}}}}, {"work_dir", text("tmp")}});
    std::vector<std::string> said;
    for (const ConfigProblem& problem : find_driver("raw_exec").value()->check(spec))
        said.push_back(to_string(problem));
    EXPECT_THAT(said, ElementsAre("config.comand is not a field of this driver; did you mean command?",
                                  "config.command is required",
                                  "config.args[1] must be a string, not a number; put it in quotes",
                                  "config.work_dir must be an absolute path, not tmp"));
    EXPECT_THAT(validate(spec).error().message, HasSubstr("task server, driver raw_exec: config.comand"));
    EXPECT_FALSE(is_recoverable(plan(spec, test_context({})).error()));
}

TEST(Mock, FailsToStartWithTheGivenSentence) {
    const auto failed = [](bool recoverable) {
        return plan(test_spec("mock", {{"start_error", text("no luck")}, {"start_error_recoverable", {recoverable}}}),
                    test_context({}))
            .error();
    };
    EXPECT_EQ(failed(true).message, "no luck");
    EXPECT_TRUE(is_recoverable(failed(true)));
    EXPECT_FALSE(is_recoverable(failed(false)));
}

TEST(Mock, RefusesWhatItCannotHonour) {
    const wire::TaskSpec spec = test_spec("mock", {{"run_for", text("5 parsecs")},
                                                   {"exit_code", {std::int64_t{256}}},
                                                   {"start_error", text("x")},
                                                   {"start_block_for", text("1s")},
                                                   {"crash", text("yes")}});
    EXPECT_EQ(find_driver("mock").value()->check(spec).size(), 4u);
}

}  // namespace
}  // namespace drover::drivers
