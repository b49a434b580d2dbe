// Programs started by a test.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/time.hpp"

namespace drover::integration {

using Words = std::vector<std::string>;

// Starts `argv` with the test's environment and `env` ("NAME=value") on top; stdout and stderr go to `out` and `err`,
// appended. Ends the test when the program cannot be started.
pid_t spawn(const Words& argv, const Words& env, const std::string& out, const std::string& err);

struct Outcome {
    int code = -1;  // 128 + signal when signalled; -1: it had not ended at the deadline and was killed
    std::string out;
    std::string err;
};

// Runs a program to its end.
Outcome run(const Words& argv, const Words& env, Duration limit = seconds(30));

// Waits for a child of the test; its code as in Outcome.
int reap(pid_t child, Duration limit);

}  // namespace drover::integration
