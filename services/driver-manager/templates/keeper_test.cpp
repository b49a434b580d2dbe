#include "driver-manager/templates/keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "os/files.hpp"
#include "rt/sim_loop.hpp"
#include "secret/seal.hpp"

namespace drover::templates {
namespace {

namespace fs = std::filesystem;
using driver_manager::TaskKey;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using wire::ChangeMode;

const TaskKey kServer{"a1", "server"};

// One task with real directories under virtual time; the alloc-runner is the test.
class KeeperTest : public testing::Test {
   protected:
    KeeperTest() {
        fs::create_directories(dir + "/tasks/a1/server");
        site.dirs = allocdir::build(dir + "/allocs", "a1", "server").value();
        site.context.dirs.root = site.dirs.root;
        site.context.node = "n1";
        site.context.node_name = "host";
        site.command.alloc = "a1";
        site.command.task = "server";
        site.command.verb = wire::Verb::run;
        site.command.seq = 1;
        site.command.spec.name = "server";
        site.command.spec.env = {{"STAGE", "live"}};
        variables.set_heard(true);
        boot();
    }
    ~KeeperTest() override {
        step.reset();
        keeper.reset();
        fs::remove_all(dir);
    }

    void boot() {
        step.reset();
        keeper.reset();
        keeper = std::make_unique<Keeper>(
            loop, dir + "/tasks", variables,
            KeeperHooks{
                [this](const TaskKey&, const auto& now) { observed = now; },
                [this](const setup::Site&, const std::string& s) { done.push_back(s); },
                [this](const setup::Site&, const wire::Template& t) { done.push_back(t.change_script->command); },
                [this](const std::string& s) { warnings.push_back(s); },
                [this](const setup::Site&) { return starting; }});
    }

    wire::Template& add(const std::string& destination, const std::string& data, ChangeMode mode = ChangeMode::noop) {
        wire::Template spec;
        spec.destination = destination;
        spec.data = data;
        spec.change_mode = mode;
        spec.splay = {};
        site.command.spec.templates.push_back(spec);
        return site.command.spec.templates.back();
    }

    void put(const std::string& path, const std::string& value) {
        variables.put({path, 1, {{"v", {value, ""}}}, {}});
        keeper->variable_changed(path);
        settle();
    }
    void settle(Duration time = milliseconds(1)) { loop.run_for(time); }

    // Begins the setup step.
    void begin() {
        ended.reset();
        step = keeper->step(site, {[this](const Result<void>& r) { ended = r ? "ok" : r.error().message; },
                                   [this](const std::string& w) { waits = w; },
                                   {},
                                   [] {}});
        step->begin();
        settle();
    }
    // The task runs, and this is what is commanded.
    void command(std::uint64_t rendered = 0) {
        step.reset();
        site.command.rendered = rendered;
        keeper->command(site);
        settle();
    }
    std::string file(const std::string& path) const {
        return os::read_file(site.dirs.root + "/" + path, 1 << 20).value_or("(none)");
    }

    const std::string dir = testing::TempDir() + "drover_keeper_" + std::to_string(::getpid());
    rt::SimLoop loop;
    const secret::KeyPair keys = secret::make_keys().value();
    Variables variables{keys.private_key};
    setup::Site site;
    std::unique_ptr<Keeper> keeper;
    std::unique_ptr<setup::Step> step;
    std::optional<std::string> ended;
    std::string waits;
    wire::RenderObserved observed;
    std::vector<std::string> done, warnings;
    bool starting = false;
};

TEST_F(KeeperTest, AStartWaitsForAMissingVariableAndGoesOnOnceItIsPut) {
    add("local/a", R"({{ var "db/main" "v" }} {{ env "STAGE" }} {{ node "name" }})");
    begin();
    EXPECT_FALSE(ended);
    EXPECT_EQ(waits, "variable db/main");
    EXPECT_EQ(file("local/a"), "(none)");
    put("db/main", "x");
    EXPECT_EQ(ended, "ok");
    EXPECT_EQ(file("local/a"), "x live host");
}

TEST_F(KeeperTest, AWaitingStartCanBeEnded) {
    add("local/a", R"({{ var "db/main" "v" }})");
    begin();
    step.reset();
    put("db/main", "x");
    EXPECT_FALSE(ended);
    EXPECT_EQ(file("local/a"), "(none)");
}

TEST_F(KeeperTest, AStartWaitsForAFileAndLooksEverySecond) {
    site.context.host_files = true;
    add("local/a", R"({{ file "local/in" }}{{ file ")" + dir + R"(/motd" }})");
    begin();
    EXPECT_EQ(waits, "file local/in, file " + dir + "/motd");
    std::ofstream(site.dirs.root + "/local/in") << "1";
    std::ofstream(dir + "/motd") << "2";
    settle(seconds(2));
    EXPECT_EQ(ended, "ok");
    EXPECT_EQ(file("local/a"), "12");
}

TEST_F(KeeperTest, ATemplateThatCannotBeRightEndsTheSetup) {
    wire::Template& spec = add("local/a", "");
    std::ofstream(site.dirs.root + "/local/in.tmpl") << "{{ vra }}";
    spec.source = "local/in.tmpl";
    begin();
    EXPECT_THAT(*ended, HasSubstr("template local/a: line 1, column 4: there is no function vra"));
}

// They are rendered with the rights of the driver-manager.
TEST_F(KeeperTest, FilesOfTheNodeReachNoTaskThatMayNotReadThem) {
    std::ofstream(dir + "/shadow") << "secret";
    std::ofstream(site.dirs.shared + "/common") << "ours";
    for (const std::string& path : {dir + "/shadow", dir + "/allocs/a1/../../shadow", dir + "/allocs/a10/x"}) {
        site.command.spec.templates = {};
        add("local/a", "").source = path;
        begin();
        EXPECT_NE(ended, "ok") << path;
        site.command.spec.templates = {};
        add("local/a", "{{ file \"" + path + "\" }}");
        begin();
        EXPECT_NE(ended, "ok") << path;
    }
    site.command.spec.templates[0].data = "{{ file \"" + dir + "/shadow\" }}";
    begin();
    EXPECT_THAT(*ended, HasSubstr("template_host_files"));
    site.command.spec.templates[0].data = "{{ file \"" + site.dirs.shared + "/common\" }}";
    begin();
    EXPECT_EQ(ended, "ok");
    EXPECT_EQ(file("local/a"), "ours");
    site.context.host_files = true;
    site.command.spec.templates[0].data = "";
    site.command.spec.templates[0].source = dir + "/shadow";
    begin();
    EXPECT_EQ(file("local/a"), "secret") << "the owner of the node allows it";
}

TEST_F(KeeperTest, ARenderIsPrivateAsAskedAndNeverLeavesTheTasksDirectory) {
    add("secrets/deep/a", "x").perms = 0600;
    begin();
    struct stat info {};
    ASSERT_EQ(::stat((site.dirs.root + "/secrets/deep/a").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    site.command.spec.templates[0].destination = "../../escaped";
    begin();
    EXPECT_THAT(*ended, HasSubstr("no file below the task's directory"));
    fs::create_directory_symlink(dir, site.dirs.root + "/local/link");
    site.command.spec.templates[0].destination = "local/link/escaped";
    begin();
    EXPECT_THAT(*ended, HasSubstr("link"));
    EXPECT_FALSE(fs::exists(dir + "/escaped"));
    site.command.spec.templates = {};
    add("local/b", R"({{ file "local/link/tasks" }})");
    begin();
    EXPECT_THAT(waits, HasSubstr("file local/link/tasks"));
}

TEST_F(KeeperTest, LinesOfAnEnvTemplateReachTheEnvironment) {
    add("secrets/env", "A={{ env \"STAGE\" }}\nB=2\n").env = true;
    begin();
    EXPECT_EQ(site.context.late_env, (std::map<std::string, std::string>{{"A", "live"}, {"B", "2"}}));
    site.command.spec.templates[0].data = "hunter2";
    begin();
    EXPECT_EQ(*ended, "template secrets/env: line 1 is not NAME=value");
}

TEST_F(KeeperTest, AChangeIsWrittenAndSaidButActsOnlyWhenItMay) {
    add("local/a", R"({{ var "x" "v" }})", ChangeMode::signal).change_signal = "SIGHUP";
    wire::Template& script = add("local/b", R"({{ var "x" "v" }})", ChangeMode::script);
    script.change_script = wire::Script{"/bin/reload", {}, seconds(5)};
    variables.put({"x", 1, {{"v", {"1", ""}}}, {}});
    begin();
    command();
    EXPECT_EQ(observed.number, 0U);
    put("x", "2");
    EXPECT_EQ(file("local/a"), "2");
    EXPECT_EQ(observed.number, 1U);
    EXPECT_EQ(observed.mode, ChangeMode::signal);
    EXPECT_EQ(observed.signal, "SIGHUP");
    EXPECT_EQ(observed.what, "template local/a, template local/b");
    EXPECT_THAT(done, IsEmpty());
    command(1);
    EXPECT_THAT(done, ElementsAre("SIGHUP", "/bin/reload"));
    command(1);
    EXPECT_THAT(done, testing::SizeIs(2));
    EXPECT_EQ(observed.mode, ChangeMode::noop);
    EXPECT_EQ(observed.number, 1U);
}

TEST_F(KeeperTest, AChangeWhileTheProcessIsBeingStartedActsOnceItRuns) {
    add("local/a", R"({{ var "x" "v" }})", ChangeMode::signal).change_signal = "SIGHUP";
    variables.put({"x", 1, {{"v", {"1", ""}}}, {}});
    begin();
    command();
    starting = true;
    put("x", "2");
    command(1);
    EXPECT_THAT(done, IsEmpty());
    starting = false;
    keeper->started({site.command.alloc, site.command.task});
    EXPECT_THAT(done, ElementsAre("SIGHUP"));
    keeper->started({site.command.alloc, site.command.task});
    EXPECT_THAT(done, ElementsAre("SIGHUP")) << "once";
}

TEST_F(KeeperTest, AnUnchangedRenderDoesNothing) {
    add("local/a", R"({{ var "x" "v" }})", ChangeMode::restart);
    variables.put({"x", 1, {{"v", {"1", ""}}}, {}});
    begin();
    command();
    variables.put({"x", 2, {{"v", {"1", ""}}, {"other", {"y", ""}}}, {}});
    keeper->variable_changed("x");
    settle(seconds(5));
    EXPECT_EQ(observed, wire::RenderObserved{});
}

TEST_F(KeeperTest, ARestartOfTheDriverManagerIsNoChangeAndForgetsNone) {
    add("local/a", R"({{ var "x" "v" }})", ChangeMode::restart);
    variables.put({"x", 1, {{"v", {"1", ""}}}, {}});
    begin();
    command();
    boot();
    command();
    EXPECT_EQ(observed.number, 0U);
    put("x", "2");
    EXPECT_EQ(observed.number, 1U);
    observed = {};
    boot();
    command();
    EXPECT_EQ(observed.number, 1U);
    EXPECT_EQ(observed.mode, ChangeMode::restart);
    // A change while nobody looked is one.
    step.reset();
    keeper.reset();
    variables.put({"x", 3, {{"v", {"3", ""}}}, {}});
    boot();
    command();
    EXPECT_EQ(observed.number, 2U);
    EXPECT_EQ(file("local/a"), "3");
    EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(KeeperTest, WithoutTheStoreTheLastGoodRenderStaysAndIsSaidToBeStale) {
    wire::Template& spec = add("local/a", R"({{ var "x" "v" }})", ChangeMode::restart);
    spec.on_stale = wire::OnStale::stop;
    spec.stale_after = minutes(3);
    variables.put({"x", 1, {{"v", {"1", ""}}}, {}});
    begin();
    command();
    const Instant away = loop.now();
    variables.set_heard(false);
    settle(Keeper::kGrace + seconds(1));
    keeper->hearing_changed();
    settle();
    EXPECT_GE(observed.stale_since, away);
    EXPECT_THAT(observed.stale_why, HasSubstr("the state-store is not heard"));
    EXPECT_EQ(observed.on_stale, wire::OnStale::stop);
    EXPECT_EQ(observed.stale_due, observed.stale_since + minutes(3));
    EXPECT_EQ(file("local/a"), "1");
    // Its task may start again with what it had.
    begin();
    EXPECT_EQ(ended, "ok");
    variables.set_heard(true);
    command();
    EXPECT_EQ(observed, wire::RenderObserved{});
}

TEST_F(KeeperTest, AFileThatCannotBeReadAnyMoreKeepsTheRenderToo) {
    site.context.host_files = true;
    std::ofstream(dir + "/motd") << "1";
    add("local/a", R"({{ file ")" + dir + R"(/motd" }})", ChangeMode::restart);
    begin();
    command();
    std::ofstream(dir + "/motd") << "2";
    settle(seconds(2));
    EXPECT_EQ(observed.number, 1U);
    EXPECT_EQ(file("local/a"), "2");
    fs::remove(dir + "/motd");
    settle(seconds(2));
    EXPECT_TRUE(observed.stale_since.set());
    EXPECT_EQ(observed.stale_why, "file " + dir + "/motd");
    EXPECT_EQ(observed.number, 1U);
    EXPECT_EQ(file("local/a"), "2");
}

TEST_F(KeeperTest, SecretsAreInTheRenderAndNowhereElse) {
    add("secrets/a", R"({{ var "db/main" "password" }})");
    const std::string sealed = secret::seal(keys.public_key, "db/main password", "hunter2").value();
    variables.put({"db/main", 1, {{"password", {"", sealed}}}, {}});
    begin();
    command();
    EXPECT_EQ(file("secrets/a"), "hunter2");
    for (const auto& entry : fs::recursive_directory_iterator(dir)) {
        if (!entry.is_regular_file() || entry.path().filename() == "a") continue;
        EXPECT_THAT(os::read_file(entry.path(), 1 << 20).value(), Not(HasSubstr("hunter2"))) << entry.path();
    }
}

TEST_F(KeeperTest, ANewFactOfTheNodeIsAChangeLikeAnyOther) {
    add("local/a", R"({{ attr "kernel.version" }})", ChangeMode::noop);
    site.context.attributes = {{"kernel.version", "6.1"}};
    begin();
    command();
    keeper->node_changed("host", {{"kernel.version", "6.2"}});
    settle();
    EXPECT_EQ(observed.number, 1U);
    EXPECT_EQ(file("local/a"), "6.2");
}

}  // namespace
}  // namespace drover::templates
