#include "integration/registry.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "integration/subprocess.hpp"
#include "integration/wait.hpp"

namespace drover::integration {

Registry::Registry(const std::string& archive, const std::string& dir) {
    const std::string file = dir + "/registry.port";
    const std::string log = dir + "/registry.log";
    pid_ = spawn({"/usr/bin/python3", DROVER_SOURCE "/tests/integration/registry.py", archive, "team/app", kUser,
                  kPassword, file},
                 {}, log, log);
    EXPECT_TRUE(eventually(
        [&] {
            std::ifstream(file) >> port_;
            return !port_.empty();
        },
        seconds(30)))
        << "see " << log;
}

Registry::~Registry() {
    ::kill(pid_, SIGKILL);
    (void)reap(pid_, seconds(10));
}

}  // namespace drover::integration
