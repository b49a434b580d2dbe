#include "driver-manager/drivers/env.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver-manager/drivers/script.hpp"
#include "driver-manager/drivers/test_context.hpp"

namespace drover::drivers {
namespace {

using testing::ElementsAre;

const std::string kDrain = "/d/allocs/4f1c/server/local/drain";

TEST(Env, TellsATaskItsPortsAndWhatItsDevicesNeed) {
    TaskContext context = test_context({"/bin/x"});
    context.ports = {{"http", 8080}, {"admin", 23456}};
    context.devices.env = {{"NVIDIA_VISIBLE_DEVICES", "GPU-1"}};
    context.host_env["NVIDIA_VISIBLE_DEVICES"] = "all";
    context.attributes["unique.network.ip-address"] = "192.0.2.7";
    wire::TaskSpec spec = test_spec("raw_exec", {{"command", text("/bin/x")}});
    spec.env["URL"] = "http://${NOMAD_ADDR_http}/";
    const auto env = plan(spec, context)->env;
    for (const std::string prefix : {"DROVER_", "NOMAD_", "DROVER_HOST_", "NOMAD_HOST_"}) {
        EXPECT_EQ(env.at(prefix + "PORT_http"), "8080");
        EXPECT_EQ(env.at(prefix + "IP_http"), "192.0.2.7");
        EXPECT_EQ(env.at(prefix + "ADDR_admin"), "192.0.2.7:23456");
    }
    EXPECT_EQ(env.at("URL"), "http://192.0.2.7:8080/");
    EXPECT_EQ(env.at("NVIDIA_VISIBLE_DEVICES"), "GPU-1") << "the node's own would give it every device";
    context.attributes.clear();
    EXPECT_EQ(plan(spec, context)->env.at("NOMAD_ADDR_http"), "127.0.0.1:8080");
}

TEST(Env, TellsATaskWhoItIsUnderBothNames) {
    wire::TaskSpec spec = test_spec("raw_exec", {{"command", text("/bin/x")}});
    spec.resources = {.cpu = 0.5, .memory = 64 << 20};
    const auto env = plan(spec, test_context({"/bin/x"}))->env;
    const std::map<std::string, std::string> expected = {
        {"ALLOC_ID", "4f1c2233445566aa"},
        {"SHORT_ALLOC_ID", "4f1c2233"},
        {"ALLOC_NAME", "web.front[2]"},
        {"ALLOC_INDEX", "2"},
        {"TASK_NAME", "server"},
        {"GROUP_NAME", "front"},
        {"JOB_ID", "web"},
        {"JOB_NAME", "web"},
        {"ALLOC_DIR", "/d/allocs/4f1c/alloc"},
        {"TASK_DIR", "/d/allocs/4f1c/server/local"},
        {"SECRETS_DIR", "/d/allocs/4f1c/server/secrets"},
        {"CPU_LIMIT", "500"},
        {"MEMORY_LIMIT", "64"},
        {"META_owner", "team-a"},
        {"META_OWNER", "team-a"},
        {"META_Cost_Center", "7"},
        {"META_COST_CENTER", "7"},
    };
    for (const auto& [name, value] : expected) {
        EXPECT_EQ(env.at("DROVER_" + name), value);
        EXPECT_EQ(env.at("NOMAD_" + name), value);
    }
    EXPECT_EQ(env.at("DROVER_CPU_CORES"), "0.5");
    EXPECT_FALSE(env.contains("NOMAD_CPU_CORES"));
}

TEST(Env, TheHostsVariablesReachATaskUnlessTheyAreSecretOrItsOwn) {
    TaskContext context = test_context({"/bin/x"});
    context.host_env = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/root"}, {"http_proxy", "p"}, {"NOMAD_TASK_DIR", "x"}};
    const std::map<std::string, bool> kept = {
        {"JAVA_HOME", true},        {"LANG", true},          {"KEY", true},          {"AWS_REGION", false},
        {"VAULT_ADDR", false},      {"GITHUB_TOKEN", false}, {"db_password", false}, {"DROVER_DATA_DIR", false},
        {"NOTIFY_SOCKET", false},   {"PWD", false},          {"LD_PRELOAD", false},  {"GOOGLE_CLOUD_PROJECT", false},
        {"CONSUL_HTTP_ADDR", false}};
    for (const auto& [name, reaches] : kept) context.host_env[name] = "host";
    wire::TaskSpec spec = test_spec("raw_exec", {{"command", text("/bin/x")}});
    spec.env = {{"HOME", "/home/web"}, {"NOMAD_JOB_NAME", "other"}};
    const Env env = build_env(spec, context);
    for (const auto& [name, reaches] : kept) EXPECT_EQ(env.contains(name), reaches) << name;
    EXPECT_EQ(env.at("PATH"), "/usr/bin:/bin");
    EXPECT_EQ(env.at("http_proxy"), "p");
    EXPECT_EQ(env.at("HOME"), "/home/web") << "the task has the last word";
    EXPECT_EQ(env.at("NOMAD_JOB_NAME"), "other");
    EXPECT_EQ(env.at("NOMAD_TASK_DIR"), context.dirs.local);
    EXPECT_FALSE(env.contains("NOMAD_MEMORY_LIMIT"));
}

TEST(Env, LaterSourcesWinOverEarlierOnes) {
    TaskContext context = test_context({});
    context.meta = {{"x", "meta"}};
    context.host_env = {{"A", "host"}, {"B", "host"}, {"C", "host"}, {"DROVER_META_x", "host"}};
    wire::TaskSpec spec = test_spec("raw_exec", {});
    spec.env = {{"B", "spec"}, {"C", "spec"}};
    context.late_env = {{"C", "late"}};
    const Env env = build_env(spec, context);
    EXPECT_EQ(env.at("A") + env.at("B") + env.at("C") + env.at("DROVER_META_x"), "hostspeclatemeta");
}

TEST(Env, ReferencesAreReplacedAndUnknownOnesStay) {
    TaskContext context = test_context({});
    context.meta["optional"] = "";
    wire::TaskSpec spec = test_spec("raw_exec", {});
    spec.env = {{"GREETING", "hello"}, {"ONCE", "${GREETING}!"}, {"TWICE", "${ONCE}"}, {"ITSELF", "${ITSELF}"}};
    const Env env = build_env(spec, context);
    EXPECT_EQ(env.at("ONCE"), "hello!");
    EXPECT_EQ(env.at("TWICE"), "${GREETING}!") << "one level deep";
    EXPECT_EQ(env.at("ITSELF"), "${ITSELF}");
    const Env known = references(env, context);
    const std::map<std::string, std::string> table = {
        {"${node.unique.id}/${node.unique.name}", "n1/rack3"},
        {"${attr.kernel.name}", "Linux"},
        {"${meta.owner}-${NOMAD_META_owner}", "team-a-team-a"},
        {"[${meta.optional}]", "[]"},
        {"${env[\"GREETING\"]} ${env.GREETING}", "hello hello"},
        {"${NOMAD_ALLOC_NAME}", "web.front[2]"},
        {"${attr.nope} ${meta.nope} ${node.class} ${nope}", "${attr.nope} ${meta.nope} ${node.class} ${nope}"},
        {"$GREETING ${GREETING ${} $${GREETING}", "$GREETING ${GREETING ${} $hello"},
        {"${env[\"GREETING\"}", "${env[\"GREETING\"}"},
        {"${GREE${GREETING}TING}", "${GREEhelloTING}"},
    };
    for (const auto& [text, expected] : table) EXPECT_EQ(interpolate(text, known), expected) << text;
}

TEST(Script, HasTheEnvironmentOfItsTaskAndIsFoundAsItsCommandIs) {
    wire::TaskSpec spec = test_spec("raw_exec", {{"command", text("/bin/x")}});
    spec.user = "nobody";
    spec.env = {{"PORT", "80"}};
    const TaskContext context = test_context({"/bin/x", kDrain});
    const auto task = plan(spec, context);
    ASSERT_TRUE(task);
    const auto script = plan_script({"drain", {"--port", "${PORT}"}, seconds(1)}, spec, context);
    ASSERT_TRUE(script) << script.error().message;
    EXPECT_THAT(script->argv, ElementsAre(kDrain, "--port", "80"));
    EXPECT_EQ(script->env, task->env);
    EXPECT_EQ(plan_script({"nope", {}, {}}, spec, context).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace drover::drivers
