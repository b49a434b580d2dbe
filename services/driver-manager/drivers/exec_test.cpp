#include "driver-manager/drivers/exec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "driver-manager/drivers/capabilities.hpp"
#include "driver-manager/drivers/oci.hpp"
#include "driver-manager/drivers/script.hpp"
#include "driver-manager/drivers/test_context.hpp"

namespace drover::drivers {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using wire::Value;

TaskContext isolating_context(std::set<std::string> files) {
    TaskContext context = test_context(std::move(files));
    context.isolator = {.runtime = "/usr/bin/crun",
                        .init = "/opt/drover-shim",
                        .host_dirs = {"/bin", "/usr"},
                        .capabilities = default_capabilities()};
    return context;
}

wire::TaskSpec exec_spec(Value::Map config) {
    if (!config.contains("command")) config["command"] = text("server");
    return test_spec("exec", std::move(config));
}

LaunchPlan plan_of(const wire::TaskSpec& spec) {
    const auto made = plan(spec, isolating_context({"/usr/bin/server"}));
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(LaunchPlan{});
}

TEST(Exec, PlansWhatTheTaskSeesAndWhatItMayWrite) {
    const LaunchPlan made = plan_of(exec_spec({{"args", {Value::List{text("${NOMAD_ALLOC_DIR}/x")}}}}));
    EXPECT_THAT(made.argv, ElementsAre("/usr/bin/server", "/alloc/x"));
    EXPECT_EQ(made.work_dir, "/local");
    EXPECT_EQ(made.log_dir, "/d/allocs/4f1c/alloc/logs") << "the shim writes the logs, outside";
    EXPECT_EQ(made.env.at("NOMAD_SECRETS_DIR"), "/secrets");
    EXPECT_EQ(made.env.at("DROVER_TASK_DIR"), "/local");
    ASSERT_TRUE(made.isolation);
    EXPECT_EQ(made.isolation->runtime, "/usr/bin/crun");
    EXPECT_EQ(made.isolation->root, "/d/allocs/4f1c/server");
    EXPECT_THAT(made.isolation->namespaces, ElementsAre("pid", "mount", "ipc", "uts"));
    EXPECT_EQ(made.isolation->capabilities, default_capabilities());
    const std::string task = "/d/allocs/4f1c/server";
    EXPECT_THAT(made.isolation->mounts,
                ElementsAre(Mount{"/bin", "/bin"}, Mount{"/usr", "/usr"}, Mount{"/d/allocs/4f1c/alloc", "/alloc", true},
                            Mount{"/d/allocs/4f1c/alloc/logs", "/alloc/logs"}, Mount{task + "/local", "/local", true},
                            Mount{task + "/tmp", "/tmp", true}, Mount{task + "/secrets", "/secrets", true, false}));
}

TEST(Exec, ShowsATaskTheDevicesThatItHasToItself) {
    TaskContext context = isolating_context({"/usr/bin/server"});
    context.devices.nodes = {{"/dev/nvidia0", "/dev/nvidia0"}, {"/dev/x", "/dev/y", "r"}};
    context.devices.mounts = {{"/opt/cuda", "/opt/cuda"}};
    const LaunchPlan made = plan(exec_spec({}), context).value();
    EXPECT_THAT(made.isolation->mounts, Contains(Mount{"/opt/cuda", "/opt/cuda"}));
    const std::string config = oci_config(made, {}, {}).value();
    const auto json = nlohmann::json::parse(config);
    const nlohmann::json whole = {{"destination", "/dev/nvidia0"},
                                  {"type", "bind"},
                                  {"source", "/dev/nvidia0"},
                                  {"options", {"bind", "rw", "nosuid", "noexec"}}};
    EXPECT_THAT(json["mounts"], Contains(whole));
    const nlohmann::json readable = {{"destination", "/dev/y"},
                                     {"type", "bind"},
                                     {"source", "/dev/x"},
                                     {"options", {"bind", "ro", "nosuid", "noexec"}}};
    EXPECT_THAT(json["mounts"], Contains(readable));
}

TEST(Exec, LooksForTheCommandWhereTheTaskWillSeeIt) {
    const auto found = [](const std::string& command, std::set<std::string> files) {
        const auto made = plan(exec_spec({{"command", text(command)}}), isolating_context(std::move(files)));
        return made ? made->argv[0] : made.error().message;
    };
    EXPECT_EQ(found("run", {"/d/allocs/4f1c/server/local/run", "/usr/bin/run"}), "/local/run");
    EXPECT_EQ(found("run", {"/d/allocs/4f1c/server/run"}), "/run");
    EXPECT_EQ(found("/local/run", {"/d/allocs/4f1c/server/local/run"}), "/local/run");
    EXPECT_EQ(found("/alloc/run", {"/d/allocs/4f1c/alloc/run"}), "/alloc/run");
    EXPECT_THAT(found("/opt/run", {"/opt/run"}), HasSubstr("cannot find the command /opt/run")) << "it is not mounted";
    EXPECT_THAT(found("/usrlocal/run", {"/usrlocal/run"}), HasSubstr("cannot find")) << "/usr is not its directory";
}

TEST(Exec, GivesTheCapabilitiesThatTheNodeAllows) {
    const auto with = [](std::vector<std::string> allowed, Value::List add, Value::List drop) {
        TaskContext context = isolating_context({"/usr/bin/server"});
        if (!allowed.empty()) context.isolator.capabilities = std::move(allowed);
        const auto made = plan(exec_spec({{"cap_add", {std::move(add)}}, {"cap_drop", {std::move(drop)}}}), context);
        return made ? made->isolation->capabilities : std::vector<std::string>{made.error().message};
    };
    EXPECT_THAT(with({}, {}, {text("all")}), ElementsAre());
    EXPECT_THAT(with({}, {text("chown")}, {text("all")}), ElementsAre("CAP_CHOWN"));
    EXPECT_THAT(with({}, {}, {text("mknod"), text("CAP_KILL")}), Not(Contains("CAP_KILL")));
    EXPECT_THAT(with({}, {text("net_admin")}, {}),
                ElementsAre(HasSubstr("does not let tasks have the capability CAP_NET_ADMIN")));
    EXPECT_THAT(with({"CAP_KILL", "CAP_NET_ADMIN"}, {text("net_admin")}, {}), ElementsAre("CAP_KILL", "CAP_NET_ADMIN"));
    EXPECT_THAT(with({"CAP_KILL", "CAP_SYS_TIME"}, {text("all")}, {}), ElementsAre("CAP_KILL", "CAP_SYS_TIME"));
}

TEST(Exec, SaysEverythingThatIsWrongWithItsConfig) {
    const wire::TaskSpec spec = test_spec(
        "exec", {{"work_dir", text("tmp")}, {"cap_add", {Value::List{text("net_admn")}}}, {"network", text("bridge")}});
    std::vector<std::string> said;
    for (const ConfigProblem& problem : exec_check(spec)) said.push_back(to_string(problem));
    EXPECT_THAT(said, ElementsAre("config.command is required", "config.work_dir must be an absolute path, not tmp",
                                  "config.cap_add[0] is wrong: there is no capability \"net_admn\"; did you mean "
                                  "CAP_NET_ADMIN?",
                                  "config.network must be \"host\" or \"none\", not \"bridge\""));
}

TEST(Exec, IsThereOnlyWhereItCanIsolate) {
    HostFacts host{.root = true, .runtime = "/usr/bin/crun", .cgroups = true, .mounts = true};
    EXPECT_TRUE(exec_fingerprint(host).healthy);
    EXPECT_FALSE(exec_fingerprint({.runtime = "/usr/bin/crun", .cgroups = true, .mounts = true}).detected);
    EXPECT_FALSE(exec_fingerprint({.root = true, .cgroups = true, .mounts = true}).detected);
    EXPECT_FALSE(exec_fingerprint({.root = true, .runtime = "/usr/bin/crun", .mounts = true}).detected);
    EXPECT_FALSE(exec_fingerprint({.root = true, .runtime = "/usr/bin/crun", .cgroups = true}).detected);
    host.shim = false;
    EXPECT_TRUE(exec_fingerprint(host).detected);
    EXPECT_FALSE(exec_fingerprint(host).healthy);
}

TEST(Exec, ItsScriptsRunInsideToo) {
    const TaskContext context = isolating_context({"/usr/bin/server", "/d/allocs/4f1c/server/local/hook"});
    const auto task = plan(exec_spec({}), context);
    ASSERT_TRUE(task);
    const auto script = plan_script({.command = "hook", .args = {"${NOMAD_TASK_DIR}"}}, exec_spec({}), context);
    ASSERT_TRUE(script);
    EXPECT_THAT(script->argv, ElementsAre("/local/hook", "/local"));
    EXPECT_EQ(script->env, task->env);
}

bool refuses(const std::vector<SyscallRule>& rules, const std::string& call) {
    for (const SyscallRule& rule : rules)
        for (const std::string& name : rule.names)
            if (name == call && rule.argument < 0) return true;
    return false;
}

TEST(Seccomp, ACapabilityLiftsTheCallsThatItIsFor) {
    const auto usual = refused_syscalls(default_capabilities());
    for (const char* call : {"mount", "setns", "unshare", "ptrace", "bpf", "keyctl", "clone3", "init_module", "reboot"})
        EXPECT_TRUE(refuses(usual, call)) << call;
    EXPECT_FALSE(refuses(usual, "read"));
    EXPECT_FALSE(refuses(refused_syscalls({"CAP_SYS_PTRACE"}), "ptrace"));
    EXPECT_FALSE(refuses(refused_syscalls({"CAP_SYS_ADMIN"}), "mount"));
    EXPECT_TRUE(refuses(refused_syscalls({"CAP_SYS_ADMIN"}), "keyctl"));
}

TEST(Oci, SaysThePlanInTheWordsOfTheRuntime) {
    wire::TaskSpec spec = exec_spec({{"network", text("none")}});
    spec.env = {{"A", "b"}};
    const LaunchPlan made = plan_of(spec);
    const auto bytes = oci_config(made, {.uid = 7, .gid = 8, .groups = {8, 9}}, {"init"});
    ASSERT_TRUE(bytes);
    const auto config = nlohmann::json::parse(*bytes);
    const auto& process = config["process"];
    EXPECT_EQ(process["args"], nlohmann::json({"/dev/drover-init", "init", "/usr/bin/server"}));
    EXPECT_EQ(process["user"]["uid"], 7);
    EXPECT_EQ(process["user"]["additionalGids"], nlohmann::json({8, 9}));
    EXPECT_EQ(process["noNewPrivileges"], true);
    EXPECT_EQ(process["capabilities"]["bounding"], nlohmann::json(default_capabilities()));
    EXPECT_FALSE(process["capabilities"].contains("ambient")) << "a user other than root has none in effect";
    EXPECT_THAT(process["env"].get<std::vector<std::string>>(), Contains("A=b"));
    EXPECT_EQ(config["root"], nlohmann::json({{"path", "/d/allocs/4f1c/server"}, {"readonly", true}}));
    EXPECT_EQ(config["linux"]["namespaces"].size(), 5U);
    EXPECT_EQ(config["linux"]["seccomp"]["defaultAction"], "SCMP_ACT_ALLOW");
    for (const auto& mount : config["mounts"]) {
        if (mount["type"] != "bind") continue;
        const auto options = mount["options"].get<std::vector<std::string>>();
        EXPECT_THAT(options, Contains("nodev")) << mount;
        EXPECT_THAT(options, Contains("nosuid")) << mount;
        const std::string target = mount["destination"];
        const bool own = target == "/alloc" || target == "/local" || target == "/secrets" || target == "/tmp";
        EXPECT_THAT(options, Contains(own ? "rw" : target == kInitInside ? "ro" : "rro")) << mount;
    }
}

TEST(Oci, RefusesWhatTheFileCannotSay) {
    LaunchPlan made = plan_of(exec_spec({}));
    made.argv.emplace_back("\xff");
    EXPECT_EQ(oci_config(made, {}, {}).error().kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace drover::drivers
