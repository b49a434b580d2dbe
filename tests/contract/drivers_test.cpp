// docs/jobs.md and the checks of job files know the drivers by jobspec's table, the node by the drivers themselves.
#include <gtest/gtest.h>

#include <set>

#include "driver-manager/drivers/driver.hpp"
#include "jobspec/config_fields.hpp"

namespace drover {
namespace {

wire::Value some_value(const jobspec::FieldDoc& field) {
    if (field.type == "list of text") return {wire::Value::List{}};
    if (field.type == "true or false") return {true};
    if (field.type == "block") return {wire::Value::Map{}};
    if (field.type == "number") return {std::int64_t{field.min}};
    if (field.type == "duration") return {std::string("1s")};
    if (field.type == "host or none") return {std::string("none")};
    return {std::string("/text")};
}

TEST(DriverDocs, NameEveryDriverThatNodesHave) {
    std::set<std::string> documented;
    std::set<std::string> real;
    for (const jobspec::DriverDoc& doc : jobspec::driver_docs()) documented.emplace(doc.name);
    for (const drivers::Driver& driver : drivers::all_drivers()) real.emplace(driver.name);
    EXPECT_EQ(documented, real);
}

TEST(DriverDocs, NameOnlyFieldsThatTheDriverTakes) {
    for (const jobspec::DriverDoc& doc : jobspec::driver_docs()) {
        const auto driver = drivers::find_driver(doc.name);
        ASSERT_TRUE(driver) << doc.name;
        for (const jobspec::FieldDoc& field : doc.fields) {
            wire::TaskSpec task;
            task.driver = doc.name;
            task.config[std::string(field.name)] = some_value(field);
            for (const drivers::ConfigProblem& problem : (*driver)->check(task))
                EXPECT_NE(problem.field, field.name) << doc.name << ": " << to_string(problem);
        }
        for (const jobspec::DriverDoc& block : doc.blocks)
            for (const jobspec::FieldDoc& field : block.fields) {
                wire::TaskSpec task;
                task.driver = doc.name;
                task.config[std::string(block.name)].data =
                    wire::Value::Map{{std::string(field.name), some_value(field)}};
                const std::string path = std::string(block.name) + "." + std::string(field.name);
                for (const drivers::ConfigProblem& problem : (*driver)->check(task))
                    EXPECT_NE(problem.field, path) << doc.name << ": " << to_string(problem);
            }
    }
}

TEST(DriverDocs, NameEveryFieldThatTheDriverNeeds) {
    for (const drivers::Driver& driver : drivers::all_drivers()) {
        wire::TaskSpec task;
        task.driver = driver.name;
        std::set<std::string> needed;
        for (const drivers::ConfigProblem& problem : driver.check(task)) needed.insert(problem.field);
        std::set<std::string> required;
        for (const jobspec::DriverDoc& doc : jobspec::driver_docs())
            if (doc.name == driver.name)
                for (const jobspec::FieldDoc& field : doc.fields)
                    if (field.required()) required.emplace(field.name);
        EXPECT_EQ(needed, required) << driver.name;
    }
}

}  // namespace
}  // namespace drover
