// External drivers with real processes.
#include "driver-manager/instances/instances.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "ipc/home.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/remove.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::driver_manager {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr Duration kLimit = seconds(60);

class InstancesTest : public testing::Test {
   protected:
    InstancesTest() {
        std::string path = testing::TempDir() + "drover-instances-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        EXPECT_TRUE(os::make_dir(dir_ + "/programs", 0755));
        EXPECT_TRUE(os::make_dir(dir_ + "/homes", 0755));
    }

    ~InstancesTest() override {
        if (instances_) instances_->leave([](const std::string&) { return false; });
        instances_.reset();
        for (const char* name : {"python", "script"}) {
            const UniqueFd left = ipc::open_driver(home(name));
            if (!left.valid()) continue;
            (void)os::send_signal(left.get(), SIGKILL);
            EXPECT_TRUE(os::wait_exited(left.get(), kLimit));
        }
        EXPECT_TRUE(os::remove_tree(dir_));
    }

    std::string home(const std::string& name) const { return dir_ + "/homes/" + name; }

    void install_python() {
        EXPECT_EQ(::symlink(DROVER_SOURCE "/examples/drivers/python.py", (dir_ + "/programs/python.py").c_str()), 0);
    }
    void install_script(const std::string& text) {
        const std::string path = dir_ + "/programs/script.sh";
        EXPECT_TRUE(os::write_file_atomic(path, "#!/bin/sh\n" + text, 0755, os::Durable::no));
    }

    // As after a restart of the driver-manager.
    void start(drivers::Policy policy = {}) {
        instances_.reset();
        const auto programs = find_programs(dir_ + "/programs");
        ASSERT_TRUE(programs) << programs.error().message;
        instances_ = std::make_unique<Instances>(
            loop_,
            Instances::Options{.programs = programs->paths,
                               .homes = dir_ + "/homes",
                               .launcher = DROVER_EXTERNAL,
                               .env = {"PATH=/usr/bin:/bin"},
                               .policy = std::move(policy),
                               .period = milliseconds(200)},
            ExternalDriver::Hooks{[] {}, [](const wire::DriverEvent&) {}, [](const std::string&) {}});
        instances_->start();
    }

    wire::DriverInfo info(const std::string& name) { return instances_->look({}).at(name); }
    bool until(const std::function<bool()>& done) { return loop_.run_until(done, kLimit); }
    bool healthy(const std::string& name = "python") {
        return until([&] { return info(name).healthy; });
    }
    pid_t pid(const std::string& name = "python") const {
        if (!ipc::open_driver(home(name)).valid()) return 0;
        return std::atoi(os::read_file(home(name) + "/" + ipc::kDriverRecord, 256).value_or("0").c_str());
    }

    std::string dir_;
    rt::EpollLoop loop_;
    std::unique_ptr<Instances> instances_;
};

TEST_F(InstancesTest, ADriverIsLaunchedAndTellsHowItIs) {
    install_python();
    start();
    EXPECT_FALSE(instances_->known());
    ASSERT_TRUE(healthy()) << info("python").description;
    EXPECT_TRUE(instances_->known());
    EXPECT_THAT(info("python").description, HasSubstr("Healthy; Python 3."));
    std::map<std::string, std::string> attributes;
    instances_->add_attributes(attributes);
    EXPECT_THAT(attributes["driver.python.version"], HasSubstr("3."));
}

TEST_F(InstancesTest, ARestartedDriverManagerFindsItsDriverAgain) {
    install_python();
    start();
    ASSERT_TRUE(healthy());
    const pid_t first = pid();
    ASSERT_NE(first, 0);
    start();
    ASSERT_TRUE(healthy());
    EXPECT_EQ(pid(), first);
}

TEST_F(InstancesTest, ADriverThatIsKilledIsLaunchedAgainAtOnce) {
    install_python();
    start();
    ASSERT_TRUE(healthy());
    const pid_t first = pid();
    ::kill(first, SIGKILL);
    EXPECT_TRUE(until([&] { return !info("python").healthy; }));
    EXPECT_THAT(info("python").description, HasSubstr("was ended by signal 9"));
    ASSERT_TRUE(healthy());
    EXPECT_NE(pid(), first);
}

TEST_F(InstancesTest, ADriverThatHangsIsKilledAndLaunchedAgain) {
    install_python();
    start();
    ASSERT_TRUE(healthy());
    const pid_t first = pid();
    ::kill(first, SIGSTOP);
    EXPECT_TRUE(until([&] { return !info("python").healthy; }));
    EXPECT_THAT(info("python").description, HasSubstr("has not answered for 10s"));
    ASSERT_TRUE(healthy());
    EXPECT_NE(pid(), first);
}

TEST_F(InstancesTest, AProgramThatIsNoDriverIsToldWithItsLastWords) {
    install_script("echo no such module >&2\nexit 3\n");
    start();
    EXPECT_TRUE(until([&] { return instances_->known(); }));
    EXPECT_FALSE(info("script").detected);
    EXPECT_THAT(info("script").description, AllOf(HasSubstr("has ended with code 3"), HasSubstr("no such module")));
}

TEST_F(InstancesTest, AForbiddenDriverIsNeverLaunched) {
    install_python();
    start({.allow = {}, .block = {"python"}});
    EXPECT_TRUE(instances_->known());
    EXPECT_THAT(info("python").description, HasSubstr("forbidden on this node"));
    EXPECT_FALSE(os::exists(home("python")));
}

TEST_F(InstancesTest, ADriverThatNobodyNeedsIsAskedToEndWhenItsManagerLeaves) {
    install_python();
    start();
    ASSERT_TRUE(healthy());
    const UniqueFd process = ipc::open_driver(home("python"));
    instances_->leave([](const std::string&) { return true; });
    EXPECT_FALSE(os::wait_exited(process.get(), milliseconds(50))) << "tasks need it";
    instances_->leave([](const std::string&) { return false; });
    EXPECT_TRUE(os::wait_exited(process.get(), kLimit));
}

TEST_F(InstancesTest, OneOfOursThatBreaksIsUnhealthyAndDispensedAnew) {
    start();
    const drivers::HostFacts host{.shim = true, .mock_task = "/opt/drover-mock-task"};
    EXPECT_TRUE(instances_->look(host).at("mock").healthy);
    instances_->broke("mock", "broke as a task has it");
    const wire::DriverInfo broken = instances_->look(host).at("mock");
    EXPECT_TRUE(broken.detected);
    EXPECT_FALSE(broken.healthy);
    EXPECT_EQ(broken.description, "broke as a task has it");
    EXPECT_TRUE(until([&] { return instances_->look(host).at("mock").healthy; }));
}

TEST_F(InstancesTest, OnlyProgramsWithADriversNameAreDrivers) {
    install_python();
    install_script("");
    for (const char* file : {"mock2", "rawexec.py", "a b"})
        EXPECT_TRUE(os::write_file_atomic(dir_ + "/programs/" + file, "#!/bin/sh\n", 0755, os::Durable::no));
    EXPECT_TRUE(os::write_file_atomic(dir_ + "/programs/README", "text", 0644, os::Durable::no));
    const auto found = find_programs(dir_ + "/programs");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->paths.size(), 2u);
    EXPECT_THAT(found->unusable, testing::SizeIs(3));
    EXPECT_FALSE(find_programs(dir_ + "/nowhere"));
}

}  // namespace
}  // namespace drover::driver_manager
