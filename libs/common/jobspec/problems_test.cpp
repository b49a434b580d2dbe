#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobspec/parse.hpp"

namespace drover::jobspec {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::vector<std::string> problems(const std::string& text, const std::vector<Driver>& drivers = builtin_drivers()) {
    const Parsed parsed = parse(text, "f", drivers);
    EXPECT_EQ(parsed.job.has_value(), parsed.problems.empty());
    std::vector<std::string> out;
    for (const Problem& problem : parsed.problems) out.push_back(to_string(problem));
    return out;
}

std::vector<std::string> in_group(const std::string& fields) {
    return problems("job: a\ngroups:\n- name: g\n  " + fields + "\n  tasks: [{name: t, driver: mock}]\n");
}

std::vector<std::string> in_task(const std::string& fields) {
    return problems("job: a\ngroups:\n- name: g\n  tasks:\n  - name: t\n    driver: mock\n    " + fields + "\n");
}

TEST(JobspecProblems, SeveralAreReportedAtOnceEachWithItsPlaceAndWhatWasMeant) {
    EXPECT_THAT(problems("job: web\n"
                         "typ: service\n"
                         "groups:\n"
                         "  - name: front\n"
                         "    count: many\n"
                         "    tasks:\n"
                         "      - name: server\n"
                         "        drivr: raw_exec\n"
                         "        kill_timeout: 5\n"
                         "        leader: yes\n"),
                ElementsAre("f:2:1: typ: unknown field; did you mean type?",
                            "f:5:12: groups[0].count: \"many\" is no whole number",
                            "f:7:9: groups[0].tasks[0].driver: is required",
                            "f:8:9: groups[0].tasks[0].drivr: unknown field; did you mean driver?",
                            "f:9:23: groups[0].tasks[0].kill_timeout: \"5\" is no duration; write for example 15s, "
                            "250ms or 1h30m",
                            "f:10:17: groups[0].tasks[0].leader: \"yes\" is neither true nor false"));
}

TEST(JobspecProblems, AFieldInTheWrongBlockIsToldWhereItBelongs) {
    EXPECT_THAT(in_task("count: 2"),
                ElementsAre("f:7:5: groups[0].tasks[0].count: unknown field here; it is one of a group"));
    EXPECT_THAT(in_group("kill_timeout: 2s"),
                ElementsAre("f:4:3: groups[0].kill_timeout: unknown field here; it is one of a task"));
    EXPECT_THAT(problems("name: a\njob: a\ngroups: [{name: g, tasks: [{name: t, driver: mock}]}]"), SizeIs(1));
}

TEST(JobspecProblems, RestartRulesHold) {
    EXPECT_THAT(in_group("restart: { interval: 4s, attempts: 0 }"),
                ElementsAre("f:4:24: groups[0].restart.interval: \"4s\" is out of bounds; 5s to 8784h is allowed"));
    EXPECT_THAT(in_group("restart: { attempts: 0, mode: delay }"),
                ElementsAre(HasSubstr("restart.mode: attempts 0 allows no restarts; write mode: fail")));
    EXPECT_THAT(in_group("restart: { attempts: 10, interval: 10s, delay: 2s }"),
                ElementsAre(HasSubstr("do not fit into an interval of 10s; make it at least 20s")));
    EXPECT_THAT(in_group("restart: { attempts: 5, interval: 10s, delay: 2s }"), SizeIs(0));
    EXPECT_THAT(in_group("restart: { mode: dealy }"), ElementsAre(HasSubstr("did you mean delay?")));
    EXPECT_THAT(in_group("restart: never"), ElementsAre(HasSubstr("restart: expected fields, as in name: value")));
}

TEST(JobspecProblems, NumbersStayInBounds) {
    EXPECT_THAT(in_group("count: -1"), ElementsAre(HasSubstr("\"-1\" is out of bounds; 0 to 1000 is allowed")));
    EXPECT_THAT(in_group("count: 1001"), SizeIs(1));
    EXPECT_THAT(in_group("count: 1.5"), SizeIs(1));
    EXPECT_THAT(in_group("count: 99999999999999999999"), SizeIs(1));
    EXPECT_THAT(in_group("count: 0"), SizeIs(0));
    EXPECT_THAT(in_task("kill_timeout: -5s"), SizeIs(1));
    EXPECT_THAT(in_task("kill_timeout: 25h"), ElementsAre(HasSubstr("0s to 24h is allowed")));
    EXPECT_THAT(in_task("resources: { cpu: nan }"), SizeIs(1));
    EXPECT_THAT(in_task("resources: { cpu: -0.5 }"), SizeIs(1));
    EXPECT_THAT(in_task("resources: { memory: 64 }"), ElementsAre(HasSubstr("64 is too little for any task")));
    EXPECT_THAT(in_task("resources: { memory: 65TiB }"), SizeIs(1));
    EXPECT_THAT(in_task("logs: { max_files: 0 }"), SizeIs(1));
    EXPECT_THAT(in_task("logs: { max_file_size: 1 }"), ElementsAre(HasSubstr("1KiB to 1TiB is allowed")));
    EXPECT_THAT(in_task("logs: { sinks: [file, syslog, journald] }"), SizeIs(0));
    EXPECT_THAT(in_task("logs: { sinks: [syslgo] }"), ElementsAre(HasSubstr("did you mean syslog?")));
    EXPECT_THAT(in_task("logs: { sinks: syslog }"), ElementsAre(HasSubstr("expected a list")));
    EXPECT_THAT(in_task("logs: { sinks: [none, file] }"), ElementsAre(HasSubstr("none means no sink at all")));
    EXPECT_THAT(in_task("logs: { sinks: [file, file] }"), ElementsAre(HasSubstr("file is in the list already")));
}

TEST(JobspecProblems, NamesAreFitForPathsAndTopics) {
    for (const std::string name : {"''", "'a/b'", "..", ".a", "-a", "'a b'", "\"\\u00e4\"", "alloc", "'a*'"}) {
        EXPECT_THAT(problems("job: " + name + "\ngroups: [{name: g, tasks: [{name: t, driver: mock}]}]"), SizeIs(1))
            << name;
        EXPECT_THAT(problems("job: j\ngroups: [{name: g, tasks: [{name: " + name + ", driver: mock}]}]"), SizeIs(1));
    }
    EXPECT_THAT(problems("job: " + std::string(64, 'a') + "\ngroups: [{name: g, tasks: [{name: t, driver: mock}]}]"),
                SizeIs(1));
    EXPECT_THAT(
        problems("job: " + std::string(63, 'a') + "\ngroups: [{name: A_.-9, tasks: [{name: _, driver: mock}]}]"),
        SizeIs(0));
}

TEST(JobspecProblems, NamesDifferAndThereIsOneLeaderAGroup) {
    const std::string task = "{name: t, driver: mock, leader: true}";
    EXPECT_THAT(problems("job: a\ngroups: [{name: g, tasks: [" + task + "]}, {name: g, tasks: [" + task + "]}]"),
                ElementsAre(HasSubstr("groups[1].name: there is another \"g\"")));
    EXPECT_THAT(problems("job: a\ngroups: [{name: g, tasks: [" + task + "," + task + "]}]"),
                ElementsAre(HasSubstr("tasks[1].name: there is another \"t\""),
                            HasSubstr("tasks[1].leader: the group has a leader already")));
}

TEST(JobspecProblems, AJobHasAGroupAndAGroupHasATask) {
    EXPECT_THAT(problems("job: a\ngroups: []"), ElementsAre("f:2:9: groups: a job needs at least one group"));
    EXPECT_THAT(problems("job: a\ngroups: [{name: g, tasks: []}]"), ElementsAre(HasSubstr("at least one task")));
    EXPECT_THAT(problems("job: a"), ElementsAre("f:1:1: groups: is required"));
    EXPECT_THAT(problems("job: a\ngroups: {name: g}"), ElementsAre(HasSubstr("groups: expected a list of groups")));
    EXPECT_THAT(problems("just text"), SizeIs(1));
    EXPECT_THAT(problems("[1, 2]"), SizeIs(1));
}

TEST(JobspecProblems, DriversAreKnownAndTheirConfigIsChecked) {
    const auto with = [](const std::string& fields) {
        return problems("job: a\ngroups:\n- name: g\n  tasks:\n  - name: t\n    " + fields);
    };
    EXPECT_THAT(with("driver: rawexec"),
                ElementsAre(HasSubstr("there is no driver \"rawexec\"; there are raw_exec, exec, docker, mock; "
                                      "did you mean raw_exec?")));
    EXPECT_THAT(with("driver: podman\n    config: {image: a, any: {thing: [1]}}"), SizeIs(0))
        << "a driver of the node's own, which checks its tasks itself";
    EXPECT_THAT(with("driver: \"no name\""), ElementsAre(HasSubstr("there is no driver \"no name\"")));
    EXPECT_THAT(with("driver: raw_exec"),
                ElementsAre(HasSubstr("tasks[0].config.command: is required by the driver raw_exec")));
    EXPECT_THAT(
        with("driver: raw_exec\n    config: {comand: /bin/true, command: [a], args: x}"),
        ElementsAre(HasSubstr("7:14: groups[0].tasks[0].config.comand: the driver raw_exec has no such field; did "
                              "you mean command?"),
                    HasSubstr("config.command: expected text, not a list"),
                    HasSubstr("config.args: expected a list of text")));
    EXPECT_THAT(with("driver: raw_exec\n    config: {command: a, work_dir: b}"),
                ElementsAre(HasSubstr("config.work_dir: \"b\" is no absolute path")));
    EXPECT_THAT(with("driver: raw_exec\n    config: {command: a, work_dir: \"${NOMAD_TASK_DIR}\"}"), SizeIs(0));
    EXPECT_THAT(with("driver: mock\n    config: {run_for: 3, exit_code: 256}"), SizeIs(2));
}

TEST(JobspecProblems, ADriverMayAddItsOwnAndTheyGetTheirPlace) {
    const Driver picky{"picky", [](const wire::TaskSpec& task) -> std::vector<ConfigProblem> {
                           return {{"image[1].tag", "is no tag of " + task.name, "latest"}, {"", "is odd", ""}};
                       }};
    EXPECT_THAT(problems("job: a\ngroups:\n- name: g\n  tasks:\n  - name: t\n    driver: picky\n    config:\n"
                         "      image: [a, {tag: lates}]\n",
                         {picky}),
                ElementsAre("f:8:7: groups[0].tasks[0].config: is odd",
                            "f:8:24: groups[0].tasks[0].config.image[1].tag: is no tag of t; did you mean latest?"));
}

TEST(JobspecProblems, SignalsUsersAndVariablesAreValid) {
    EXPECT_THAT(in_task("kill_signal: SIGTREM"), ElementsAre(HasSubstr("did you mean SIGTERM?")));
    EXPECT_THAT(in_task("kill_signal: INT"), ElementsAre(HasSubstr("did you mean SIGINT?")));
    EXPECT_THAT(in_task("kill_signal: ''"), SizeIs(1));
    EXPECT_THAT(in_task("user: 'a:b'"), SizeIs(1));
    EXPECT_THAT(in_task("user: ''"), SizeIs(1));
    EXPECT_THAT(in_task("env: {'A=B': c}"), SizeIs(1));
    EXPECT_THAT(in_task("env: {A: {b: c}}"), ElementsAre(HasSubstr("env.A: expected text, not a map")));
    EXPECT_THAT(in_task("env: {A: }"), ElementsAre(HasSubstr("env.A: expected text, but there is no value")));
    EXPECT_THAT(in_task("env: {A: \"x\\0y\"}"), ElementsAre(HasSubstr("NUL")));
    EXPECT_THAT(in_task("env:"), SizeIs(0));
}

TEST(JobspecProblems, SetupFieldsAreCheckedBeforeANodeHasToRefuseThem) {
    EXPECT_THAT(in_task("artifacts: [{source: 'ftp://me:hush@h/x'}]"),
                ElementsAre(AllOf(HasSubstr("artifacts[0].source: is no source"), Not(HasSubstr("hush")))));
    EXPECT_THAT(in_task("artifacts: [{destination: x}]"), ElementsAre(HasSubstr("artifacts[0].source: is required")));
    for (const std::string bad : {"../x", "/x", "a/../../x"})
        EXPECT_THAT(in_task("artifacts: [{source: 'http://h/x', destination: " + bad + "}]"),
                    ElementsAre(HasSubstr("leaves the task's directory")));
    EXPECT_THAT(in_task("artifacts: [{source: 'http://h/x', checksum: 'md5:1'}]"),
                ElementsAre(HasSubstr("is no checksum")));
    EXPECT_THAT(in_task("artifacts: [{source: 'http://h/x', mode: all}]"),
                ElementsAre(HasSubstr("is not one of any or file or dir")));
    EXPECT_THAT(in_task("artifacts: [{source: '${meta.url}', checksum: 'sha256:${meta.sum}'}]"), SizeIs(0));
    EXPECT_THAT(in_task("dispatch_payload: {file: ../x}"), ElementsAre(HasSubstr("no path below the task's local")));
    EXPECT_THAT(in_task("dispatch_payload: {}"), ElementsAre(HasSubstr("dispatch_payload.file: is required")));
    EXPECT_THAT(in_task("ready: {interval: 1s}"), ElementsAre(HasSubstr("ready: needs either file or port")));
    EXPECT_THAT(in_task("ready: {file: x, port: 1}"), ElementsAre(HasSubstr("ready: needs either file or port")));
    EXPECT_THAT(in_task("ready: {port: 65536}"), ElementsAre(HasSubstr("1 to 65535 is allowed")));
    EXPECT_THAT(in_task("pre_kill: {command: x, args: y}"), ElementsAre(HasSubstr("expected a list of text")));
    EXPECT_THAT(in_task("pre_kill: {command: x, timeout: 0s}"), SizeIs(1));
    EXPECT_THAT(problems("job: a\npayload: " + std::string((16 << 10) + 1, 'x') +
                         "\ngroups: [{name: g, tasks: [{name: t, driver: mock}]}]"),
                ElementsAre(HasSubstr("payload: is larger than 16KiB")));
}

TEST(JobspecProblems, PortsAndDevicesAreChecked) {
    const auto in_group = [](const std::string& ports, const std::string& task = "") {
        return problems("job: a\ngroups: [{name: g, ports: " + ports + ", tasks: [{name: t, driver: mock" + task +
                        "}]}]");
    };
    EXPECT_THAT(in_group("{http: {static: 0}}"), ElementsAre(HasSubstr("1 to 65535 is allowed")));
    EXPECT_THAT(in_group("{http: {statc: 80}}"), ElementsAre(HasSubstr("did you mean static?")));
    EXPECT_THAT(in_group("{http: 80}"), SizeIs(1));
    EXPECT_THAT(in_group("{a-b: {}}"), ElementsAre(HasSubstr("ports.a-b: is no label")));
    EXPECT_THAT(in_group("{a: {static: 80}, b: {static: 80}}"),
                ElementsAre(HasSubstr("ports.b: is the same port as a")));
    EXPECT_THAT(in_group("{http: {}}", ", ready: {port: htpp}"),
                ElementsAre(AllOf(HasSubstr("has no port \"htpp\""), HasSubstr("did you mean http?"))));
    EXPECT_THAT(in_task("resources: {devices: {a/b/c/d: 1}}"), ElementsAre(HasSubstr("is no device")));
    EXPECT_THAT(in_task("resources: {devices: {nvidia/: 1}}"), ElementsAre(HasSubstr("is no device")));
    EXPECT_THAT(in_task("resources: {devices: {gpu: 0}}"), ElementsAre(HasSubstr("1 to 64 is allowed")));
}

TEST(JobspecProblems, AFieldGivenTwiceIsNotGuessedAt) {
    EXPECT_THAT(in_task("driver: mock"), ElementsAre("f:7:5: groups[0].tasks[0].driver: is given twice; keep one"));
    EXPECT_THAT(in_task("env: {A: b, A: c}"), ElementsAre(HasSubstr("env.A: is given twice")));
}

TEST(JobspecProblems, TextThatIsNoYamlIsToldWhere) {
    EXPECT_THAT(problems("job: a\ngroups: [\n"), ElementsAre(HasSubstr("f:3:1: not valid YAML: ")));
    EXPECT_THAT(problems("job: [a\n}"), ElementsAre(HasSubstr("not valid YAML")));
    EXPECT_THAT(problems(""), ElementsAre(HasSubstr("the file is empty")));
    EXPECT_THAT(problems("job: a\n---\njob: b\n"), ElementsAre(HasSubstr("more than one document")));
    EXPECT_THAT(problems("job: !!str a\n"), ElementsAre(HasSubstr("tags are not supported")));
    EXPECT_THAT(problems("? [a]\n: b\n"), ElementsAre(HasSubstr("a field's name must be a plain word")));
}

TEST(JobspecProblems, BombsAreRefusedBeforeTheyGrow) {
    std::string aliases = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        aliases += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
        for (int k = 1; k < 10; ++k) aliases += "," + before;
        aliases += "]\n";
    }
    EXPECT_THAT(problems(aliases), ElementsAre(HasSubstr("more than 20000 values")));
    EXPECT_THAT(problems("a: &a [*a]"), ElementsAre(HasSubstr("an alias may not stand inside its own anchor")));
    EXPECT_THAT(problems(std::string(kMaxInput, '[')), ElementsAre(HasSubstr("deeper than 32 levels")));
    EXPECT_THAT(problems(std::string(kMaxInput / 5, '{') + "a"), SizeIs(1));
    std::string dashes;
    for (std::size_t i = 0; i < kMaxInput / 2; ++i) dashes += "- ";
    EXPECT_THAT(problems(dashes), SizeIs(1));
    EXPECT_THAT(problems("[" + std::string(kMaxInput - 1, ',')), SizeIs(1));
    EXPECT_THAT(problems(std::string(kMaxInput + 1, ' ')), ElementsAre(HasSubstr("larger than 256 KiB")));
}

TEST(JobspecProblems, AreNeverMoreThanAPersonReads) {
    std::string text = "job: a\ngroups: [{name: g, tasks: [{name: t, driver: mock}]}]\n";
    for (int i = 0; i < 5'000; ++i) text += "zz" + std::to_string(i) + ": 1\n";
    EXPECT_THAT(problems(text), SizeIs(kMaxProblems));
    EXPECT_THAT(problems(text), Each(HasSubstr("unknown field; here may stand job, type, meta, payload, groups")));
}

}  // namespace
}  // namespace drover::jobspec
