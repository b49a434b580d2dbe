#include "jobspec/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/codec.hpp"

namespace drover::jobspec {
namespace {

using testing::ElementsAre;

// The document of docs/jobs.md.
std::string documented() {
    const std::string text = reference();
    const std::size_t begin = text.find("```yaml\n") + 8;
    return text.substr(begin, text.find("```", begin) - begin);
}

wire::JobSpec documented_spec() {
    wire::TaskSpec task;
    task.name = "server";
    task.driver = "raw_exec";
    task.leader = true;
    task.config["command"].data = "/usr/bin/python3";
    task.config["args"].data = wire::Value::List{{"-m"}, {"http.server"}, {"8080"}};
    task.env = {{"GREETING", "hello"}};
    task.user = "nobody";
    task.kill_signal = "SIGINT";
    task.kill_timeout = seconds(5);
    task.resources = {0.5, 64 << 20};
    task.logs = {10, 10 << 20};
    wire::GroupSpec group;
    group.name = "front";
    group.count = 2;
    group.restart = {3, minutes(30), seconds(15), wire::RestartMode::fail};
    group.tasks = {task};
    wire::JobSpec job;
    job.name = "web";
    job.groups = {group};
    return job;
}

wire::JobSpec good(const std::string& text) {
    const Parsed parsed = parse(text, "job.yaml");
    for (const Problem& problem : parsed.problems) ADD_FAILURE() << to_string(problem);
    return parsed.job.value_or(wire::JobSpec{});
}

std::string job_with_task(const std::string& fields) {
    return "job: a\ngroups: [{name: g, tasks: [{name: t, driver: mock, " + fields + "}]}]\n";
}

TEST(Jobspec, TheDocumentedExampleParsesExactly) { EXPECT_EQ(good(documented()), documented_spec()); }

TEST(Jobspec, TheSameDocumentAsJsonParsesTheSame) {
    EXPECT_EQ(good(R"({"job":"web","type":"service","groups":[{"name":"front","count":2,
        "restart":{"attempts":3,"interval":"30m","delay":"15s","mode":"fail"},
	"tasks":[{"name":"server","driver":"raw_exec","leader":true,
        "config":{"command":"\/usr\/bin\/python3","args":["-m","http.server","8080"]},
        "env":{"GREETING":"hello"},"user":"nobody","kill_signal":"SIGINT","kill_timeout":"5s",
        "resources":{"cpu":0.5,"memory":"64MiB"},"logs":{"max_files":10,"max_file_size":"10MiB"}}]}]})"),
              documented_spec());
}

TEST(Jobspec, JsonTextKeepsItsCharactersHoweverTheyAreEscaped) {
    const auto job = good(R"({"job":"a","groups":[{"name":"g","tasks":[{"name":"t","driver":"mock",
        "env":{"A":"\ud83d\ude00\u00e4\\ud83d\\ude00\"\n"}}]}]})");
    EXPECT_EQ(job.groups.at(0).tasks.at(0).env.at("A"), "\xf0\x9f\x98\x80\xc3\xa4\\ud83d\\ude00\"\n");
}

TEST(Jobspec, DefaultsDependOnTheJobTypeWhereverItStands) {
    const auto service = good("job: a\ngroups: [{name: g, tasks: [{name: t, driver: mock}]}]");
    EXPECT_EQ(service.type, wire::JobType::service);
    EXPECT_EQ(service.groups[0].count, 1U);
    EXPECT_EQ(service.groups[0].restart, (wire::RestartPolicy{2, minutes(30), seconds(15), wire::RestartMode::fail}));
    EXPECT_EQ(service.groups[0].tasks[0].kill_timeout, seconds(5));
    const auto batch =
        good("groups: [{name: g, restart: {delay: 1s}, tasks: [{name: t, driver: mock}]}]\ntype: batch\njob: a");
    EXPECT_EQ(batch.groups[0].restart, (wire::RestartPolicy{3, hours(24), seconds(1), wire::RestartMode::fail}));
}

TEST(Jobspec, PlainWordsInTextFieldsStayAsTheyAreWritten) {
    const auto task =
        good(
            "job: a\ngroups: [{name: g, tasks: [{name: 7, driver: raw_exec, env: {A: 007, B: 1.10, C: yes},"
            "config: {command: /bin/true, args: [007, true, 1.10, ~x]}}]}]")
            .groups[0]
            .tasks[0];
    EXPECT_EQ(task.name, "7");
    EXPECT_THAT(task.env, ElementsAre(std::pair("A", "007"), std::pair("B", "1.10"), std::pair("C", "yes")));
    EXPECT_EQ(task.config.at("args").data, (wire::Value{wire::Value::List{{"007"}, {"true"}, {"1.10"}, {"~x"}}}.data));
}

TEST(Jobspec, TheConfigOfAnUnknownDriverIsPassedOnWithItsTypes) {
    const auto job = parse(
        "job: a\ngroups: [{name: g, tasks: [{name: t, driver: own, config: {i: -3, d: 1.5, b: true, "
        "t: '7', n: null, big: 99999999999999999999, l: [1], m: {x: e}}}]}]",
        "f", {{"own", {}}});
    ASSERT_TRUE(job.job) << to_string(job.problems.front());
    const auto& config = job.job->groups[0].tasks[0].config;
    EXPECT_EQ(config.at("i").data, wire::Value{std::int64_t{-3}}.data);
    EXPECT_EQ(config.at("d").data, wire::Value{1.5}.data);
    EXPECT_EQ(config.at("b").data, wire::Value{true}.data);
    EXPECT_EQ(config.at("t").data, wire::Value{"7"}.data);
    EXPECT_EQ(config.at("n").data, wire::Value{}.data);
    EXPECT_EQ(config.at("big").data, wire::Value{"99999999999999999999"}.data);
    EXPECT_EQ(config.at("l").data, (wire::Value{wire::Value::List{{std::int64_t{1}}}}.data));
    EXPECT_EQ(config.at("m").data, (wire::Value{wire::Value::Map{{"x", {"e"}}}}.data));
}

TEST(Jobspec, SetupFieldsArriveWhereTheNodeLooksForThem) {
    const auto job = good(R"(
job: a
meta: { owner: x }
payload: "input"
groups:
- name: g
  meta: { tier: y }
  tasks:
  - name: t
    driver: mock
    meta: { port: 7 }
    artifacts:
    - source: https://host/x.tgz
    - { source: "git::file:///srv/r?ref=v1", destination: local/r, mode: dir, headers: { A: b } }
    dispatch_payload: { file: in/put }
    ready: { port: 8080, interval: 1s }
    pre_kill: { command: drain, args: [--all], timeout: 3s }
)");
    EXPECT_EQ(job.meta.at("owner") + job.groups[0].meta.at("tier"), "xy");
    EXPECT_EQ(job.payload, "input");
    const wire::TaskSpec& task = job.groups[0].tasks[0];
    EXPECT_EQ(task.meta.at("port"), "7");
    ASSERT_EQ(task.artifacts.size(), 2U);
    EXPECT_EQ(task.artifacts[0], (wire::Artifact{"https://host/x.tgz", "", "", wire::ArtifactMode::any, {}}));
    EXPECT_EQ(task.artifacts[1],
              (wire::Artifact{"git::file:///srv/r?ref=v1", "local/r", "", wire::ArtifactMode::dir, {{"A", "b"}}}));
    EXPECT_EQ(task.payload_file, "in/put");
    EXPECT_EQ(task.ready, (wire::ReadyProbe{"", 8080, seconds(1)}));
    EXPECT_EQ(task.pre_kill, (wire::Script{"drain", {"--all"}, seconds(3)}));
}

TEST(Jobspec, PortsAndDevicesArriveByTheirNames) {
    const auto job = good(R"(
job: a
groups:
- name: g
  ports:
    http: { static: 8080 }
    admin: {}
    metrics:
  tasks:
  - name: t
    driver: mock
    ready: { port: admin }
    resources: { devices: { nvidia/gpu: 2, "nvidia/gpu/Tesla T4": 1 } }
)");
    const wire::GroupSpec& group = job.groups[0];
    EXPECT_EQ(group.ports, (std::map<std::string, wire::PortSpec>{{"http", {8080}}, {"admin", {}}, {"metrics", {}}}));
    EXPECT_EQ(group.tasks[0].ready->label, "admin");
    EXPECT_EQ(group.tasks[0].ready->port, 0U);
    EXPECT_EQ(group.tasks[0].resources.devices,
              (std::map<std::string, std::uint64_t>{{"nvidia/gpu", 2}, {"nvidia/gpu/Tesla T4", 1}}));
}

TEST(Jobspec, AnchorsMayBeReused) {
    const auto job = good(
        "job: a\ngroups: [{name: g, tasks: [{name: t, driver: mock, env: &env {A: b}}, "
        "{name: u, driver: mock, env: *env}]}]");
    EXPECT_EQ(job.groups[0].tasks[1].env, job.groups[0].tasks[0].env);
}

TEST(Jobspec, AJobOfTheLargestSizeFitsAndAByteMoreDoesNot) {
    const auto with_env = [](std::size_t size) { return job_with_task("env: {A: " + std::string(size, 'x') + "}"); };
    const std::size_t empty = wire::encode(good(with_env(20'000))).size() - 20'000;
    EXPECT_TRUE(parse(with_env(kMaxEncoded - empty), "f").job);
    const auto over = parse(with_env(kMaxEncoded - empty + 1), "f");
    ASSERT_EQ(over.problems.size(), 1U);
    EXPECT_THAT(over.problems[0].message, testing::HasSubstr("24577 bytes of the 24 KiB"));
}

}  // namespace
}  // namespace drover::jobspec
