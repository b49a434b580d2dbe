#include "driver-manager/drivers/driver.hpp"

#include "base/nearest.hpp"
#include "driver-manager/drivers/docker.hpp"
#include "driver-manager/drivers/exec.hpp"
#include "driver-manager/drivers/external.hpp"
#include "driver-manager/drivers/mock.hpp"
#include "driver-manager/drivers/raw_exec.hpp"

namespace drover::drivers {
namespace {

constexpr Driver kDrivers[] = {
    {"raw_exec", raw_exec_fingerprint, raw_exec_check, raw_exec_plan},
    {"exec", exec_fingerprint, exec_check, exec_plan, "nobody", nullptr, exec_inside},
    {"docker", docker_fingerprint, docker_check, docker_plan, "", nullptr, docker_inside},
    {"mock", mock_fingerprint, mock_check, mock_plan, "", mock_may_signal},
};

}  // namespace

std::span<const Driver> all_drivers() { return kDrivers; }

Result<const Driver*> find_driver(std::string_view name) {
    std::vector<std::string_view> names;
    for (const Driver& driver : kDrivers) {
        if (driver.name == name) return &driver;
        names.push_back(driver.name);
    }
    const std::string meant = nearest(name, names);
    std::string sentence = "there is no driver " + std::string(name);
    if (!meant.empty()) return fail(ErrorKind::not_found, sentence + "; did you mean " + meant + "?");
    sentence += "; the drivers are";
    for (const std::string_view one : names) sentence += " " + std::string(one);
    return fail(ErrorKind::not_found, sentence);
}

Result<void> validate(const wire::TaskSpec& spec) {
    if (may_be_external(spec.driver)) return external_check(spec);
    const auto driver = find_driver(spec.driver);
    if (!driver) return fail(driver.error().kind, "task " + spec.name + ": " + driver.error().message);
    const std::vector<ConfigProblem> problems = (*driver)->check(spec);
    if (problems.empty()) return {};
    return fail(ErrorKind::invalid,
                "task " + spec.name + ", driver " + spec.driver + ": " + to_string(problems.front()));
}

Result<LaunchPlan> plan(const wire::TaskSpec& spec, const TaskContext& context) {
    if (const auto valid = validate(spec); !valid) return tl::unexpected(valid.error());
    if (may_be_external(spec.driver)) return external_plan(spec, context);
    return find_driver(spec.driver).value()->plan(spec, context);
}

Result<void> may_signal(const wire::TaskSpec& spec) {
    const auto driver = find_driver(spec.driver);
    return driver && (*driver)->may_signal != nullptr ? (*driver)->may_signal(spec) : Result<void>();
}

}  // namespace drover::drivers
