// Templates with real processes and real files.
#include <gmock/gmock.h>

#include "driver-manager/shell/node_test.hpp"

namespace drover::driver_manager {
namespace {

using testing::HasSubstr;
using testing::Not;
using wire::ChangeMode;

class NodeTemplatesTest : public NodeTest {
   protected:
    NodeTemplatesTest() { process_->hands.variables().set_heard(true); }

    void put(const std::string& value) {
        process_->hands.variables().put({"db/main", 1, {{"v", {value, ""}}}, {}});
        process_->hands.keeper().variable_changed("db/main");
    }

    static wire::Template of(const std::string& destination, ChangeMode mode) {
        wire::Template spec;
        spec.destination = destination;
        spec.data = "v={{ var \"db/main\" \"v\" }}\n";
        spec.change_mode = mode;
        spec.splay = {};
        return spec;
    }

    static wire::TaskCommand with(const std::vector<wire::Template>& templates, const std::string& script) {
        wire::TaskCommand result = shell(1, script);
        result.spec.templates = templates;
        return result;
    }

    wire::RenderObserved render() {
        const auto observed = process_->agent.inventory().observed(kServer);
        return observed && observed->render ? *observed->render : wire::RenderObserved{};
    }
    bool soon_rendered(std::uint64_t number) {
        return soon([&] { return render().number == number; });
    }
    std::string file(const std::string& path) const {
        return os::read_file(dir_ + "/allocs/a1/server/" + path, 4096).value_or("");
    }
};

constexpr const char* kWaitForHup = "trap 'echo hup; cat local/app.conf' HUP; echo up; while :; do sleep 0.02; done";

TEST_F(NodeTemplatesTest, AStartWaitsForAMissingVariableAndGoesOnOnceItIsPut) {
    say(with({of("local/app.conf", ChangeMode::noop)}, "cat local/app.conf; sleep 1000"));
    ASSERT_TRUE(soon([&] { return find(1).waits == "variable db/main"; }));
    EXPECT_EQ(find(1).phase, RunPhase::starting);
    put("one");
    const auto run = wait_for(1, RunPhase::running);
    EXPECT_EQ(run.waits, "");
    EXPECT_EQ(run.steps.back().kind, wire::SetupKind::templates);
    EXPECT_TRUE(soon_logged("v=one"));
}

TEST_F(NodeTemplatesTest, AStartThatWaitsCanBeStopped) {
    say(with({of("local/app.conf", ChangeMode::noop)}, "sleep 1000"));
    ASSERT_TRUE(soon([&] { return find(1).waits == "variable db/main"; }));
    say(command(wire::Verb::stop, 1));
    wait_for(1, RunPhase::never_started);
    put("one");
    EXPECT_EQ(file("local/app.conf"), "");
}

TEST_F(NodeTemplatesTest, AChangeSignalsTheTaskOnceItMay) {
    put("one");
    wire::TaskCommand command = with({of("local/app.conf", ChangeMode::signal)}, kWaitForHup);
    command.spec.templates[0].change_signal = "SIGHUP";
    say(command);
    ASSERT_TRUE(soon_logged("up"));
    const auto pid = wait_for(1, RunPhase::running).pid;
    put("two");
    ASSERT_TRUE(soon_rendered(1));
    EXPECT_EQ(file("local/app.conf"), "v=two\n");
    EXPECT_THAT(read_log("stdout")->data, Not(HasSubstr("hup")));
    command.rendered = 1;
    say(command);
    EXPECT_TRUE(soon_logged("hup\nv=two"));
    EXPECT_EQ(find(1).pid, pid);
}

TEST_F(NodeTemplatesTest, AChangeRunsItsScriptBesideTheTask) {
    put("one");
    wire::TaskCommand command = with({of("local/app.conf", ChangeMode::script)}, "echo up; sleep 1000");
    command.spec.templates[0].change_script =
        wire::Script{"/bin/sh", {"-c", "cp local/app.conf local/loaded"}, seconds(5)};
    say(command);
    ASSERT_TRUE(soon_logged("up"));
    put("two");
    ASSERT_TRUE(soon_rendered(1));
    command.rendered = 1;
    say(command);
    EXPECT_TRUE(soon([&] { return file("local/loaded") == "v=two\n"; }));
}

TEST_F(NodeTemplatesTest, LinesOfAnEnvTemplateAreInTheEnvironment) {
    put("one");
    wire::TaskCommand command = with({of("secrets/env", ChangeMode::restart)}, "echo got $v; sleep 1000");
    command.spec.templates[0].env = true;
    say(command);
    EXPECT_TRUE(soon_logged("got one"));
}

TEST_F(NodeTemplatesTest, AChangeScriptThatFailsIsToldAlsoAfterARestart) {
    put("one");
    wire::TaskCommand command = with({of("local/app.conf", ChangeMode::script)}, "echo up; sleep 1000");
    command.spec.templates[0].change_script = wire::Script{"/bin/sh", {"-c", "exit 3"}, seconds(5)};
    say(command);
    ASSERT_TRUE(soon_logged("up"));
    put("two");
    ASSERT_TRUE(soon_rendered(1));
    command.rendered = 1;
    say(command);
    ASSERT_TRUE(soon([&] { return render().act_failures == 1; }));
    EXPECT_EQ(render().act_error, "the change script of local/app.conf failed: /bin/sh exited with code 3");
    die();
    start();
    process_->hands.variables().set_heard(true);
    put("two");
    say(command);
    ASSERT_TRUE(soon([&] { return render().act_failures == 1; })) << "what was told is remembered";
    command.spec.templates[0].change_script->command = "no-such-script";
    say(command);
    put("three");
    ASSERT_TRUE(soon_rendered(2));
    command.rendered = 2;
    say(command);
    ASSERT_TRUE(soon([&] { return render().act_failures == 2; }));
    EXPECT_THAT(render().act_error, HasSubstr("cannot find the command no-such-script"));
    EXPECT_EQ(find(1).phase, RunPhase::running);
}

TEST_F(NodeTemplatesTest, ScriptsHaveTheEnvironmentOfTheSetupAfterARestartToo) {
    put("one");
    wire::TaskCommand command =
        with({of("secrets/env", ChangeMode::noop), of("local/app.conf", ChangeMode::script)}, "echo up; sleep 1000");
    command.spec.env = {{"GREETING", "hello"}};
    command.spec.templates[0].env = true;
    command.spec.templates[1].change_script =
        wire::Script{"/bin/sh", {"-c", "echo $GREETING $v $NOMAD_TASK_NAME > changed"}, seconds(5)};
    command.spec.pre_kill = wire::Script{"/bin/sh", {"-c", "echo $GREETING $v $NOMAD_TASK_NAME > killing"}, seconds(5)};
    say(command);
    ASSERT_TRUE(soon_logged("up"));
    die();
    start();
    process_->hands.variables().set_heard(true);
    say(command);
    put("two");
    ASSERT_TRUE(soon_rendered(1));
    command.rendered = 1;
    say(command);
    EXPECT_TRUE(soon([&] { return file("changed") == "hello two server\n"; })) << file("changed");
    die();
    start();
    command.pre_kill = true;
    say(command);
    ASSERT_TRUE(soon([&] { return find(1).pre_kill_done; }));
    EXPECT_EQ(find(1).pre_kill_error, "");
    EXPECT_EQ(file("killing"), "hello two server\n");
}

TEST_F(NodeTemplatesTest, ADriverManagerThatWasRestartedTellsNoChangeAndLosesNone) {
    put("one");
    const wire::TaskCommand command = with({of("local/app.conf", ChangeMode::restart)}, "echo up; sleep 1000");
    say(command);
    ASSERT_TRUE(soon_logged("up"));
    put("two");
    ASSERT_TRUE(soon_rendered(1));
    die();
    start();
    process_->hands.variables().set_heard(true);
    put("two");
    say(command);
    EXPECT_TRUE(soon_rendered(1));
    EXPECT_EQ(render().mode, ChangeMode::restart);
    EXPECT_EQ(find(1).phase, RunPhase::running);
}

TEST_F(NodeTemplatesTest, WithoutTheStoreTheRenderStaysAndTheTaskGoesOn) {
    put("one");
    say(with({of("local/app.conf", ChangeMode::restart)}, "echo up; sleep 1000"));
    ASSERT_TRUE(soon_logged("up"));
    process_->hands.variables().set_heard(false);
    ASSERT_TRUE(soon([&] {
        process_->hands.keeper().hearing_changed();
        return render().stale_since.set();
    }));
    EXPECT_THAT(render().stale_why, HasSubstr("state-store is not heard"));
    EXPECT_EQ(file("local/app.conf"), "v=one\n");
    EXPECT_EQ(find(1).phase, RunPhase::running);
}

}  // namespace
}  // namespace drover::driver_manager
