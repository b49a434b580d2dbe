#include "observer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>

#include "integration/procfs.hpp"
#include "integration/subprocess.hpp"
#include "integration/wait.hpp"
#include "truth.hpp"

namespace drover::chaos {
namespace {

using integration::eventually;
using testing::HasSubstr;

class ObserverTest : public testing::Test {
   protected:
    ObserverTest() { EXPECT_NE(mkdtemp(dir_), nullptr); }
    ~ObserverTest() override {
        for (const pid_t pid : started_) {
            kill(pid, SIGKILL);
            integration::reap(pid, seconds(5));
        }
        std::filesystem::remove_all(dir_);
    }

    pid_t start(const std::string& alloc, const std::string& course) {
        started_.push_back(integration::spawn({DROVER_CHAOS_TASK, dir_, course},
                                              {"NOMAD_ALLOC_ID=" + alloc, "NOMAD_TASK_NAME=task"}, "/dev/null",
                                              "/dev/null"));
        return started_.back();
    }

    char dir_[32] = "/tmp/drover-observed-XXXXXX";
    std::vector<pid_t> started_;
};

TEST_F(ObserverTest, TwoLiveProcessesOfOneTaskAreSeenFromOutsideAndByThemselves) {
    Observer observer(dir_);
    const pid_t one = start("a", "for-ever");
    start("b", "for-ever");
    ASSERT_TRUE(eventually([&] { return observer.living().size() == 2; }, seconds(10)));
    EXPECT_EQ(observer.living().at("a.task").pid, one);
    EXPECT_THAT(observer.offences(), testing::IsEmpty());
    const pid_t other = start("a", "for-ever");
    ASSERT_TRUE(eventually([&] { return !observer.offences().empty(); }, seconds(10)));
    EXPECT_THAT(observer.offences().front(), HasSubstr("a.task has two live processes"));
    ASSERT_TRUE(eventually([&] { return !read_truth(dir_).offences.empty(); }, seconds(10)));
    EXPECT_THAT(read_truth(dir_).offences.front(), HasSubstr("process " + std::to_string(other)));
}

TEST_F(ObserverTest, ATaskWritesDownTheCodeItEndsWith) {
    const int code = integration::reap(start("a", "once"), seconds(20));
    started_.clear();
    const Lives lives = read_truth(dir_).lives;
    ASSERT_EQ(lives.at("a.task").size(), 1U);
    EXPECT_EQ(lives.at("a.task").front().code, code);
}

}  // namespace
}  // namespace drover::chaos
