// A context as the shell makes it, for the tests of this folder.
#pragma once

#include <set>

#include "driver-manager/drivers/driver.hpp"

namespace drover::drivers {

inline TaskContext test_context(std::set<std::string> files) {
    TaskContext context;
    context.alloc = "4f1c2233445566aa";
    context.job = "web";
    context.group = "front";
    context.index = 2;
    context.node = "n1";
    context.node_name = "rack3";
    context.attributes = {{"kernel.name", "Linux"}};
    context.meta = {{"owner", "team-a"}, {"Cost-Center", "7"}};
    context.dirs = {.shared = "/d/allocs/4f1c/alloc",
                    .logs = "/d/allocs/4f1c/alloc/logs",
                    .root = "/d/allocs/4f1c/server",
                    .local = "/d/allocs/4f1c/server/local",
                    .secrets = "/d/allocs/4f1c/server/secrets"};
    context.host_env = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/root"}, {"USER", "root"}, {"LANG", "C"}, {"KEY", "x"}};
    context.is_executable = [files](const std::string& path) { return files.contains(path); };
    context.mock_task = "/opt/drover-mock-task";
    return context;
}

inline wire::Value text(const std::string& value) { return {value}; }

inline wire::TaskSpec test_spec(const std::string& driver, wire::Value::Map config) {
    wire::TaskSpec spec;
    spec.name = "server";
    spec.driver = driver;
    spec.config = std::move(config);
    return spec;
}

}  // namespace drover::drivers
