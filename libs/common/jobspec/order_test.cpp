#include <gtest/gtest.h>

#include "jobspec/parse.hpp"

namespace drover::jobspec {
namespace {

// The problems of a group with these lines for tasks, each sentence in a line.
std::string order_problems(const std::string& tasks, const std::string& type = "service") {
    const Parsed parsed = parse("job: web\ntype: " + type + "\ngroups:\n- name: g\n  tasks:\n" + tasks, "web.yaml");
    std::string out;
    for (const Problem& problem : parsed.problems) out += to_string(problem) + "\n";
    return out;
}

std::string task(const std::string& name, const std::string& more) {
    return "  - { name: " + name + ", driver: mock" + (more.empty() ? "" : ", " + more) + " }\n";
}

TEST(Order, ACircleIsRefusedAndPrinted) {
    EXPECT_EQ(order_problems(task("a", "depends_on: { b: started }") + task("b", "depends_on: { c: ready }") +
                             task("c", "depends_on: { a: started }") + task("d", "")),
              "web.yaml:6:3: groups[0].tasks: tasks wait for each other in a circle: a -> b -> c -> a\n");
    EXPECT_NE(order_problems(task("a", "depends_on: { a: started }")).find("a -> a"), std::string::npos);
}

TEST(Order, ACircleThroughTheLifecycleIsFoundToo) {
    EXPECT_NE(
        order_problems(task("init", "lifecycle: { hook: prestart }, depends_on: { main: started }") + task("main", ""))
            .find("init -> main -> init"),
        std::string::npos);
    EXPECT_NE(
        order_problems(task("main", "depends_on: { clean: started }") + task("clean", "lifecycle: { hook: poststop }"))
            .find("main -> clean -> main"),
        std::string::npos);
}

TEST(Order, EveryLegalLifecycleIsAccepted) {
    EXPECT_EQ(order_problems(task("init", "lifecycle: { hook: prestart }") +
                             task("proxy", "lifecycle: { hook: prestart, sidecar: true }") +
                             task("main", "depends_on: { db: ready }") + task("db", "") +
                             task("warm", "lifecycle: { hook: poststart }") +
                             task("ship", "lifecycle: { hook: poststart, sidecar: true }") +
                             task("clean", "lifecycle: { hook: poststop }")),
              "");
}

TEST(Order, ADependencyOnAnUnknownTaskNamesTheNearest) {
    EXPECT_NE(order_problems(task("app", "depends_on: { databse: ready }") + task("database", ""))
                  .find("there is no task \"databse\" in the group; did you mean database?"),
              std::string::npos);
}

TEST(Order, WaitingForAServiceToCompleteIsRefused) {
    const std::string tasks = task("app", "depends_on: { db: completed }") + task("db", "");
    EXPECT_NE(order_problems(tasks).find("task db never completes"), std::string::npos);
    EXPECT_EQ(order_problems(tasks, "batch"), "");
}

TEST(Order, ALifecycleThatMakesNoSenseIsRefused) {
    EXPECT_NE(order_problems(task("a", "") + task("b", "lifecycle: { hook: poststop, sidecar: true }"))
                  .find("only prestart and poststart tasks can be sidecars"),
              std::string::npos);
    EXPECT_NE(order_problems(task("a", "") + task("b", "leader: true, lifecycle: { hook: prestart }"))
                  .find("a leader is a main task"),
              std::string::npos);
    EXPECT_NE(order_problems(task("a", "lifecycle: { hook: prestart }")).find("at least one main task"),
              std::string::npos);
}

TEST(Order, ATaskOverridesSingleFieldsOfItsGroupsRestartPolicy) {
    const Parsed parsed =
        parse("job: web\ngroups:\n- name: g\n  restart: { attempts: 7, delay: 1s, factor: 2 }\n  tasks:\n" +
                  task("a", "restart: { attempts: 1 }") + task("b", ""),
              "web.yaml");
    ASSERT_TRUE(parsed.job) << to_string(parsed.problems.at(0));
    const wire::GroupSpec& group = parsed.job->groups[0];
    ASSERT_TRUE(group.tasks[0].restart);
    EXPECT_EQ(group.tasks[0].restart->attempts, 1u);
    EXPECT_EQ(group.tasks[0].restart->delay, seconds(1));
    EXPECT_EQ(group.tasks[0].restart->factor, 2);
    EXPECT_FALSE(group.tasks[1].restart);
}

}  // namespace
}  // namespace drover::jobspec
