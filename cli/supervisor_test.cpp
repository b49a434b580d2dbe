#include "cli/supervisor.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "base/hash.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::cli {
namespace {

TEST(RestartDelay, DoublesToTwoSecondsAndBeginsAnewAfterALongLife) {
    RestartDelay delay;
    const Instant start{seconds(100).ns};
    EXPECT_EQ(delay.after_exit(start, start), milliseconds(20));
    EXPECT_EQ(delay.after_exit(start, start), milliseconds(40));
    for (int i = 0; i < 70; ++i) delay.after_exit(start, start);
    EXPECT_EQ(delay.after_exit(start, start + milliseconds(4'999)), seconds(2));
    EXPECT_EQ(delay.after_exit(start, start + seconds(5)), milliseconds(20));
    EXPECT_EQ(delay.after_exit(start, start), milliseconds(40));
}

struct Children : testing::Test {
    Children() { std::filesystem::create_directories(dir); }
    ~Children() override { std::filesystem::remove_all(dir); }

    ChildSpec shell(const std::string& name, const std::string& script) {
        return {name, "/bin/sh", {"/bin/sh", "-c", script}, {"PATH=/usr/bin:/bin"}, dir + "/" + name + ".log"};
    }
    Supervisor& make(std::vector<ChildSpec> specs) {
        supervisor = std::make_unique<Supervisor>(
            loop, std::move(specs), [this](const std::string& name, const std::string& what) {
                said.push_back(name + " " + what.substr(0, what.find_first_of(",;:")));
            });
        return *supervisor;
    }
    // Also looks at what no event of the loop announces: a file.
    bool wait(const std::function<bool()>& done) {
        const Instant end = loop.now() + seconds(20);
        while (!done() && loop.now() < end) loop.run_until(done, milliseconds(5));
        return done();
    }
    void stop() {
        bool done = false;
        supervisor->stop(seconds(5), [&] { done = true; });
        EXPECT_TRUE(wait([&] { return done; }));
    }
    std::string log(const std::string& name) {
        std::ifstream in(dir + "/" + name + ".log");
        return {std::istreambuf_iterator<char>(in), {}};
    }

    std::string dir = "/tmp/drover-supervisor-" + random_hex(8);
    rt::EpollLoop loop;
    std::vector<std::string> said;
    std::unique_ptr<Supervisor> supervisor;
};

TEST_F(Children, AChildThatIsKilledRunsAgainAtOnce) {
    Supervisor& s = make({shell("a", "exec sleep 100")});
    s.start();
    const pid_t first = s.pid("a");
    ASSERT_GT(first, 0);
    ::kill(first, SIGKILL);
    EXPECT_TRUE(wait([&] { return s.pid("a") > 0 && s.pid("a") != first; }));
    stop();
    EXPECT_EQ(said, (std::vector<std::string>{"a started", "a was killed by signal 9", "a started",
                                              "a was killed by signal 15"}));
}

TEST_F(Children, TheLastStartedEndsFirstAndTheNextOnlyAfterIt) {
    const std::string script = "trap 'echo out; exit 0' TERM; echo in; while :; do sleep 0.01; done";
    Supervisor& s = make({shell("store", script), shell("gateway", script)});
    s.start();
    EXPECT_TRUE(wait([&] { return log("store") == "in\n" && log("gateway") == "in\n"; }));
    stop();
    EXPECT_EQ(said, (std::vector<std::string>{"store started", "gateway started", "gateway stopped", "store stopped"}));
    EXPECT_EQ(log("store"), "in\nout\n");
}

TEST_F(Children, AChildThatIgnoresTheSignalIsKilled) {
    Supervisor& s = make({shell("a", "trap '' TERM; echo in; while :; do sleep 0.01; done")});
    s.start();
    EXPECT_TRUE(wait([&] { return log("a") == "in\n"; }));
    bool done = false;
    s.stop(milliseconds(100), [&] { done = true; });
    EXPECT_TRUE(wait([&] { return done; }));
    EXPECT_EQ(said.back(), "a was killed by signal 9");
}

TEST_F(Children, AProgramThatIsMissingIsReportedAndTriedAgain) {
    ChildSpec spec = shell("a", "");
    spec.path = dir + "/late";
    Supervisor& s = make({spec});
    s.start();
    EXPECT_EQ(said.back(), "a did not start");
    std::filesystem::create_symlink("/bin/sh", spec.path);
    EXPECT_TRUE(wait([&] { return said.back() != "a did not start"; }));
    stop();
}

TEST_F(Children, StoppingCancelsARestartThatIsDue) {
    Supervisor& s = make({shell("a", "exit 3")});
    s.start();
    EXPECT_TRUE(wait([&] { return said.size() >= 8; }));
    stop();
    const std::size_t count = said.size();
    loop.run_until([] { return false; }, milliseconds(100));
    EXPECT_EQ(said.size(), count);
}

}  // namespace
}  // namespace drover::cli
