// The plans of the mock driver, carried out by a plain fork and exec in place of the launcher.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "base/time.hpp"
#include "driver-manager/drivers/mock.hpp"
#include "driver-manager/drivers/test_context.hpp"

namespace drover::drivers {
namespace {

using wire::Value;

Duration monotonic() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return seconds(t.tv_sec) + nanoseconds(t.tv_nsec);
}

class Process {
   public:
    explicit Process(Value::Map config) {
        TaskContext context = test_context({});
        context.mock_task = DROVER_MOCK_TASK;
        const auto made = plan(test_spec("mock", std::move(config)), context);
        EXPECT_TRUE(made) << made.error().message;
        int fds[2];
        EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
        started_ = monotonic();
        std::vector<char*> argv;
        for (const std::string& arg : made->argv) argv.push_back(const_cast<char*>(arg.c_str()));
        argv.push_back(nullptr);
        pid_ = fork();
        if (pid_ == 0) {
            dup2(fds[1], STDOUT_FILENO);
            dup2(fds[1], STDERR_FILENO);
            execv(argv[0], argv.data());
            _exit(127);
        }
        close(fds[1]);
        out_ = fds[0];
    }

    // Everything printed until the end, at most 20 s of it.
    std::string output() {
        std::string result;
        char buffer[4096];
        for (pollfd poll_fd{out_, POLLIN, 0}; poll(&poll_fd, 1, 20'000) == 1;) {
            const ssize_t n = read(out_, buffer, sizeof buffer);
            if (n <= 0) break;
            result.append(buffer, static_cast<std::size_t>(n));
        }
        return result;
    }

    // Waits until something has been printed: then signals are ignored if they ever will be.
    void wait_for_output() {
        pollfd poll_fd{out_, POLLIN, 0};
        ASSERT_EQ(poll(&poll_fd, 1, 20'000), 1);
    }

    void signal(int number) { kill(pid_, number); }

    int wait() {
        int status = 0;
        EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
        took_ = monotonic() - started_;
        close(out_);
        return status;
    }

    Duration took() const { return took_; }

   private:
    pid_t pid_ = 0;
    int out_ = -1;
    Duration started_;
    Duration took_;
};

TEST(MockTask, RunsForItsTimeThenEndsWithItsCode) {
    Process run({{"run_for", text("80ms")}, {"exit_code", {std::int64_t{3}}}});
    const int status = run.wait();
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 3);
    EXPECT_GE(run.took(), milliseconds(80));
}

TEST(MockTask, EndsByItsSignal) {
    Process run({{"exit_signal", {std::int64_t{15}}}, {"ignores_term", {true}}});
    const int status = run.wait();
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), 15);
}

TEST(MockTask, EndsEarlyWhenItIsInterrupted) {
    Process run({{"run_for", text("1h")}, {"stdout_string", text("up")}});
    run.wait_for_output();
    run.signal(SIGINT);
    EXPECT_EQ(WTERMSIG(run.wait()), SIGINT);
}

TEST(MockTask, IgnoresEverySignalButKillWhenAskedTo) {
    Process run({{"run_for", text("1h")}, {"ignores_term", {true}}, {"stdout_string", text("up")}});
    run.wait_for_output();
    run.signal(SIGTERM);
    run.signal(SIGINT);
    run.signal(SIGKILL);
    EXPECT_EQ(WTERMSIG(run.wait()), SIGKILL);
}

TEST(MockTask, PrintsAsOftenAsAsked) {
    Process run({{"run_for", text("300ms")},
                 {"stdout_string", text("${NOMAD_TASK_NAME}\n")},
                 {"stdout_repeat", {std::int64_t{2}}},
                 {"stdout_repeat_duration", text("10ms")}});
    EXPECT_EQ(run.output(), "server\nserver\nserver\n");
    run.wait();
    EXPECT_GE(run.took(), milliseconds(300));
}

TEST(MockTask, GoesOnForAWhileOnceItIsAskedToEnd) {
    Process run({{"run_for", text("1h")}, {"kill_after", text("150ms")}, {"stdout_string", text("up")}});
    run.wait_for_output();
    run.signal(SIGTERM);
    EXPECT_EQ(WTERMSIG(run.wait()), SIGTERM);
    EXPECT_GE(run.took(), milliseconds(150));
}

TEST(MockTask, PrintsToBothStreamsEachAtItsOwnPace) {
    Process run({{"run_for", text("200ms")},
                 {"stdout_string", text("o")},
                 {"stdout_repeat", {std::int64_t{1}}},
                 {"stdout_repeat_duration", text("100ms")},
                 {"stderr_string", text("e")},
                 {"stderr_repeat", {std::int64_t{2}}},
                 {"stderr_repeat_duration", text("20ms")}});
    EXPECT_EQ(run.output(), "oeeeo");
    run.wait();
}

TEST(MockTask, CrashKillsItsSupervisor) {
    const pid_t supervisor = fork();
    if (supervisor == 0) {
        Process run({{"crash", {true}}});
        run.wait();
        _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(supervisor, &status, 0), supervisor);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST(Mock, HasTheLauncherAndTheNodePlayTheRest) {
    const wire::TaskSpec spec = test_spec("mock", {{"exit_err_msg", text("the disk has gone")},
                                                   {"plugin_exit_after", text("2s")},
                                                   {"signal_error", text("it is deaf")}});
    const auto made = plan(spec, test_context({}));
    EXPECT_EQ(made->exit_error, "the disk has gone");
    EXPECT_EQ(made->driver_ends_after, seconds(2));
    EXPECT_EQ(may_signal(spec).error().message, "it is deaf");
    EXPECT_TRUE(may_signal(test_spec("mock", {})));
    EXPECT_TRUE(may_signal(test_spec("raw_exec", {})));
}

TEST(Mock, ScriptsWhatCommandsBesideItPlay) {
    const wire::Value::Map scripted{
        {"run_for", text("2s")}, {"exit_code", {std::int64_t{3}}}, {"stdout_string", text("hi")}};
    const auto made = plan(test_spec("mock", {{"exec_command", {scripted}}}), test_context({}));
    ASSERT_TRUE(made) << made.error().message;
    const auto same = plan(test_spec("mock", scripted), test_context({}));
    EXPECT_EQ(made->beside, same->argv) << "the same words mean the same";
    EXPECT_TRUE(same->beside.empty());
    const auto wrong =
        plan(test_spec("mock", {{"exec_command", {Value::Map{{"exit_cod", {std::int64_t{3}}}}}}}), test_context({}));
    EXPECT_THAT(
        wrong.error().message,
        testing::HasSubstr("config.exec_command.exit_cod is not a field of this driver; did you mean exit_code?"));
    EXPECT_FALSE(plan(test_spec("mock", {{"exec_command", text("x")}}), test_context({})));
}

TEST(Mock, PlaysDeadWhenItsNodeSaysSo) {
    const wire::DriverInfo dead = mock_fingerprint({.mock_task = "/opt/drover-mock-task", .mock_down = true});
    EXPECT_TRUE(dead.detected);
    EXPECT_FALSE(dead.healthy);
}

TEST(Mock, BlocksItsStartThroughThePlan) {
    EXPECT_EQ(plan(test_spec("mock", {{"start_block_for", text("1m")}}), test_context({}))->start_delay, minutes(1));
}

}  // namespace
}  // namespace drover::drivers
