#include "driver-manager/drivers/docker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "driver-manager/drivers/script.hpp"
#include "driver-manager/drivers/test_context.hpp"

namespace drover::drivers {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using wire::Value;
using Json = nlohmann::json;

Value list(std::initializer_list<const char*> words) {
    Value::List out;
    for (const char* word : words) out.push_back(text(word));
    return {out};
}

TaskContext docker_context() {
    TaskContext context = test_context({});
    context.docker = {.program = "/opt/drover-docker", .socket = "/run/docker.sock"};
    return context;
}

// What would be sent to the daemon; null with the error in `why`.
Json body_of(const wire::TaskSpec& spec, const TaskContext& context, std::string* why = nullptr) {
    const auto made = plan(spec, context);
    if (!made && why != nullptr) *why = made.error().message;
    return made ? Json::parse(made->container) : Json();
}

std::string refusal(Value::Map config, const TaskContext& context) {
    config["image"] = text("i");
    std::string why = "(nothing)";
    body_of(test_spec("docker", std::move(config)), context, &why);
    return why;
}

TEST(Docker, MakesAContainerOfWhatTheTaskSays) {
    wire::TaskSpec spec = test_spec("docker", {{"image", text("redis:7")},
                                               {"command", text("redis-server")},
                                               {"args", list({"--port", "${PORT}"})},
                                               {"entrypoint", list({"/entry"})},
                                               {"ports", list({"127.0.0.1:80:8080", "53/udp"})},
                                               {"labels", list({"team=a"})},
                                               {"network_mode", text("bridge")},
                                               {"pids_limit", {std::int64_t{50}}},
                                               {"init", {true}}});
    spec.env = {{"PORT", "6400"}};
    spec.user = "1000:1000";
    spec.kill_signal = "SIGQUIT";
    spec.resources = {.cpu = 0.5, .memory = 64 << 20};
    const Json body = body_of(spec, docker_context());
    EXPECT_EQ(body["Image"], "redis:7");
    EXPECT_EQ(body["Cmd"], Json({"redis-server", "--port", "6400"}));
    EXPECT_EQ(body["Entrypoint"], Json({"/entry"}));
    EXPECT_EQ(body["User"], "1000:1000");
    EXPECT_EQ(body["StopSignal"], "SIGQUIT");
    EXPECT_EQ(body["Labels"]["team"], "a");
    EXPECT_EQ(body["Labels"]["drover.node"], "n1");
    const Json& host = body["HostConfig"];
    EXPECT_EQ(host["NanoCpus"], 500'000'000);
    EXPECT_EQ(host["Memory"], 64 << 20);
    EXPECT_EQ(host["MemorySwap"], 64 << 20);
    EXPECT_EQ(host["PidsLimit"], 50);
    EXPECT_EQ(host["Privileged"], false);
    EXPECT_EQ(host["PortBindings"]["8080/tcp"][0], Json({{"HostIp", "127.0.0.1"}, {"HostPort", "80"}}));
    EXPECT_EQ(host["PortBindings"]["53/udp"][0], Json({{"HostIp", ""}, {"HostPort", ""}}));
}

TEST(Docker, ShowsAContainerItsDirectoriesAndNothingOfTheHost) {
    const Json body = body_of(test_spec("docker", {{"image", text("i")}}), docker_context());
    const auto env = body["Env"].get<std::vector<std::string>>();
    EXPECT_THAT(env, Contains("DROVER_TASK_DIR=/local"));
    EXPECT_THAT(env, Contains("NOMAD_SECRETS_DIR=/secrets"));
    EXPECT_THAT(env, Contains("NOMAD_ALLOC_DIR=/alloc"));
    for (const std::string& one : env) EXPECT_FALSE(one.starts_with("PATH=") || one.starts_with("HOME=")) << one;
    std::vector<std::string> mounts;
    for (const Json& mount : body["HostConfig"]["Mounts"])
        mounts.push_back(mount["Source"].get<std::string>() + ":" + mount["Target"].get<std::string>());
    EXPECT_THAT(mounts, ElementsAre("/d/allocs/4f1c/alloc:/alloc", "/d/allocs/4f1c/server/local:/local",
                                    "/d/allocs/4f1c/server/secrets:/secrets"));
}

TEST(Docker, GivesNoDirectoryOfTheHostUnlessTheNodeAllowsIt) {
    TaskContext context = docker_context();
    EXPECT_THAT(refusal({{"volumes", list({"/etc:/host"})}}, context), HasSubstr("docker_volumes"));
    EXPECT_THAT(refusal({{"volumes", list({"../../x:/host"})}}, context), HasSubstr("leaves the task's directory"));
    EXPECT_THAT(refusal({{"privileged", {true}}}, context), HasSubstr("docker_privileged"));
    EXPECT_THAT(refusal({{"network_mode", text("container:other")}}, context), HasSubstr("another container"));
    context.stays_below = [](const std::string&, const std::string& path) { return !path.ends_with("link"); };
    EXPECT_THAT(refusal({{"volumes", list({"local/link:/x"})}}, context), HasSubstr("a link that leaves"));
    EXPECT_EQ(refusal({{"volumes", list({"local/data:/x:ro"})}}, context), "(nothing)");
    context.docker.volumes = context.docker.privileged = true;
    EXPECT_EQ(refusal({{"volumes", list({"/etc:/host"})}, {"privileged", {true}}}, context), "(nothing)");
}

TEST(Docker, GivesAContainerTheMountsAndNodesOfItsDevices) {
    TaskContext context = docker_context();
    context.devices.env = {{"GPUS", "0"}};
    context.devices.mounts = {{.source = "/opt/gpu/lib", .target = "/usr/lib/gpu"},
                              {.source = "/run/gpu", .target = "/run/gpu", .writable = true}};
    context.devices.nodes = {{.source = "/dev/gpu0", .target = "/dev/gpu0", .access = "rwm"}};
    const Json body = body_of(test_spec("docker", {{"image", text("i")}}), context);
    EXPECT_THAT(body["Env"].get<std::vector<std::string>>(), Contains("GPUS=0"));
    const Json& mounts = body["HostConfig"]["Mounts"];
    ASSERT_EQ(mounts.size(), 5U) << mounts;
    EXPECT_EQ(mounts[3],
              Json({{"Type", "bind"}, {"Source", "/opt/gpu/lib"}, {"Target", "/usr/lib/gpu"}, {"ReadOnly", true}}));
    EXPECT_EQ(mounts[4]["ReadOnly"], false);
    EXPECT_EQ(
        body["HostConfig"]["Devices"],
        Json::array({{{"PathOnHost", "/dev/gpu0"}, {"PathInContainer", "/dev/gpu0"}, {"CgroupPermissions", "rwm"}}}));
}

TEST(Docker, SaysWhatIsWrongWithItsConfig) {
    wire::TaskSpec spec = test_spec("docker", {{"volumes", list({"a"})},
                                               {"ports", list({"80:x"})},
                                               {"labels", list({"drover.node=other"})},
                                               {"imagee", text("i")}});
    std::vector<std::string> problems;
    for (const ConfigProblem& problem : docker_check(spec)) problems.push_back(to_string(problem));
    EXPECT_THAT(problems, Contains(HasSubstr("did you mean image?")));
    EXPECT_THAT(problems, Contains("config.image is required"));
    EXPECT_THAT(problems, Contains(HasSubstr("config.volumes[0] must be source:target")));
    EXPECT_THAT(problems, Contains(HasSubstr("config.ports[0] must be")));
    EXPECT_THAT(problems, Contains(HasSubstr("config.labels[0] must not begin with drover.")));
}

TEST(Docker, KeepsThePasswordOfARegistryOutOfEveryPlan) {
    const auto image = [](wire::Value::Map auth) {
        return test_spec("docker", {{"image", text("r.example/i:1")}, {"auth", {std::move(auth)}}});
    };
    const wire::TaskSpec good = image({{"username", text("ci")}, {"password", text("hunter2")}});
    const auto login = docker_image(good, docker_context())->login;
    ASSERT_TRUE(login);
    EXPECT_EQ(login->user, "ci");
    EXPECT_EQ(login->password, "hunter2");
    EXPECT_EQ(plan(good, docker_context())->container.find("hunter2"), std::string::npos);
    EXPECT_EQ(
        docker_image(image({{"username", text("ci")}, {"password_file", text("secrets/registry")}}), docker_context())
            ->login->password_file,
        "/d/allocs/4f1c/server/secrets/registry");
    EXPECT_THAT(docker_image(image({{"username", text("ci")}, {"password_file", text("../x")}}), docker_context())
                    .error()
                    .message,
                HasSubstr("not below the task's directory"));
    std::vector<std::string> problems;
    for (const ConfigProblem& problem : docker_check(image({{"usernam", text("ci")}})))
        problems.push_back(to_string(problem));
    EXPECT_THAT(problems, Contains("config.auth.usernam is not a field of this driver; did you mean username?"));
    EXPECT_THAT(problems, Contains("config.auth.username is required"));
    EXPECT_THAT(problems, Contains("config.auth.password or password_file has to be given, and not both"));
}

TEST(Docker, TakesAnImageFromAnArchiveOfTheTask) {
    const TaskContext context = docker_context();
    const auto image_of = [&](const char* load) {
        return docker_image(test_spec("docker", {{"image", text("i:1")}, {"load", text(load)}}), context);
    };
    EXPECT_EQ(image_of("local/i.tar")->archive, "/d/allocs/4f1c/server/local/i.tar");
    EXPECT_THAT(image_of("../other/i.tar").error().message, HasSubstr("leaves"));
    EXPECT_THAT(image_of("/srv/i.tar").error().message, HasSubstr("docker_volumes"));
}

TEST(Docker, ItsScriptsAreFoundByTheDaemonAndHaveTheEnvironmentOfTheContainer) {
    const auto script = plan_script({.command = "drain", .args = {"${NOMAD_TASK_DIR}"}},
                                    test_spec("docker", {{"image", text("i")}}), docker_context());
    ASSERT_TRUE(script) << script.error().message;
    EXPECT_THAT(script->argv, ElementsAre("drain", "/local"));
    EXPECT_EQ(script->env.at("NOMAD_SECRETS_DIR"), "/secrets");
    EXPECT_FALSE(script->env.contains("PATH")) << "which is the image's";
}

TEST(Docker, RefusesWhatIsNoText) {
    wire::TaskSpec spec = test_spec("docker", {{"image", text("i")}});
    spec.env = {{"BYTES", "\xff\xfe"}};
    std::string why;
    body_of(spec, docker_context(), &why);
    EXPECT_THAT(why, HasSubstr("no UTF-8"));
}

TEST(Docker, IsUndetectedThenHealthyThenUnhealthyAsTheDaemonComesAndGoes) {
    HostFacts host;
    EXPECT_THAT(docker_fingerprint(host).description, HasSubstr("not installed"));
    host.docker = true;
    host.docker_error = "nothing is at /run/docker.sock";
    EXPECT_FALSE(docker_fingerprint(host).detected);
    EXPECT_EQ(docker_fingerprint(host).description, host.docker_error);
    host.docker_version = "20.10.24";
    EXPECT_TRUE(docker_fingerprint(host).healthy);
    EXPECT_EQ(docker_fingerprint(host).description, "Healthy; Docker 20.10.24");
}

}  // namespace
}  // namespace drover::drivers
