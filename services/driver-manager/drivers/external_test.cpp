#include "driver-manager/drivers/external.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver-manager/drivers/test_context.hpp"
#include "wire/codec.hpp"
#include "wire/driver.hpp"

namespace drover::drivers {
namespace {

using testing::HasSubstr;
using wire::Value;

TaskContext context() {
    TaskContext out = test_context({});
    out.external = {"/opt/drover-external", {{"python", "/d/drivers/python"}}};
    return out;
}

TEST(External, NamesAreWhatIsNotMistakenForADriverOfOurs) {
    for (const char* name : {"python", "podman", "java", "my-driver_2"}) EXPECT_TRUE(may_be_external(name)) << name;
    for (const char* name : {"raw_exec", "rawexec", "mock", "mok", "exce", "dokcer", "", "a b", "../x"})
        EXPECT_FALSE(may_be_external(name)) << name;
    EXPECT_FALSE(may_be_external(std::string(64, 'x')));
}

TEST(External, ItsDriverGetsTheTaskWithEveryReferenceReplaced) {
    wire::TaskSpec spec = test_spec("python", {{"code", text("print('${WHO}')")},
                                               {"args", {Value::List{text("${NOMAD_ALLOC_INDEX}"), {std::int64_t{7}}}}},
                                               {"deep", {Value::Map{{"er", text("${meta.owner}")}}}}});
    spec.env = {{"WHO", "you"}};
    spec.user = "nobody";
    spec.resources.memory = 1 << 20;
    const auto made = plan(spec, context());
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->supervisor, "/opt/drover-external");
    EXPECT_EQ(made->engine, "/d/drivers/python");
    EXPECT_EQ(made->log_dir, "/d/allocs/4f1c/alloc/logs");
    const auto task = wire::decode<wire::DriverTask>(made->order);
    ASSERT_TRUE(task);
    EXPECT_EQ(task->task, "server");
    EXPECT_EQ(task->alloc, "4f1c2233445566aa");
    EXPECT_EQ(task->dir, "/d/allocs/4f1c/server");
    EXPECT_EQ(task->user, "nobody");
    EXPECT_EQ(task->resources.memory, 1u << 20);
    EXPECT_EQ(task->env.at("WHO"), "you");
    EXPECT_EQ(task->config.at("code"), text("print('you')"));
    EXPECT_EQ(task->config.at("args"), (Value{Value::List{text("2"), {std::int64_t{7}}}}));
    EXPECT_EQ(task->config.at("deep"), (Value{Value::Map{{"er", text("team-a")}}}));
}

TEST(External, ADriverThatTheNodeDoesNotHaveIsNamedWithTheNearest) {
    EXPECT_THAT(plan(test_spec("pythn", {}), context()).error().message,
                HasSubstr("this node has no driver pythn; did you mean python?"));
}

TEST(External, NothingOfItsTasksRunsBesideThem) {
    wire::TaskSpec spec = test_spec("python", {});
    spec.pre_kill.emplace();
    EXPECT_THAT(validate(spec).error().message, HasSubstr("there is no pre_kill and no change_script"));
}

}  // namespace
}  // namespace drover::drivers
