// drover-session with real processes, for a task that nothing isolates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "os/pidfd.hpp"
#include "os/proc.hpp"
#include "os/spawn.hpp"
#include "os/unix_socket.hpp"
#include "shim/protocol.h"
#include "wire/codec.hpp"
#include "wire/session.hpp"

namespace drover::session {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using wire::SessionObserved;
using wire::SessionPhase;

constexpr Duration kPatience = seconds(60);

// Plays the driver-manager: says what is wanted, and takes every piece of output.
class SessionTest : public testing::Test {
   protected:
    SessionTest() {
        fs::create_directories(dir_ + "/place");
        write_spec();
        wanted_.id = "s1";
    }
    ~SessionTest() override {
        hang_up();
        if (process_.pidfd.valid() && os::wait_exited(process_.pidfd.get(), kPatience))
            (void)os::reap(process_.pidfd.get());
        fs::remove_all(dir_);
    }

    void write_spec(const std::vector<std::string>& beside = {}) {
        std::ofstream spec(dir_ + "/" SHIM_SPEC_FILE, std::ios::binary);
        for (const std::string& entry :
             {std::string("id=i1"), std::string("task=web"), "work_dir=" + dir_ + "/place", "log_dir=" + dir_,
              std::string("arg=/bin/sleep"), std::string("env=PATH=/usr/local/bin:/usr/bin:/bin"),
              std::string("env=STAGE=live"), std::string("env=TERM=none")})
            spec << entry << '\0';
        for (const std::string& word : beside) spec << "beside=" << word << '\0';
    }

    static std::string program() {
        char self[PATH_MAX];
        const ssize_t n = ::readlink("/proc/self/exe", self, sizeof self);
        const std::string path(self, static_cast<std::size_t>(n));
        return path.substr(0, path.rfind('/') + 1) + "drover-session";
    }

    void start(const std::vector<std::string>& command) {
        wanted_.command = command;
        auto sockets = os::socket_pair();
        ASSERT_TRUE(sockets);
        os::SpawnOptions options;
        options.path = program();
        options.argv = {"drover-session", dir_};
        options.fds = {{sockets->second.get(), SHIM_CONTROL_FD}};
        auto process = os::spawn(options, os::Stdio::inherit);
        ASSERT_TRUE(process) << process.error().message;
        process_ = std::move(*process);
        socket_ = std::move(sockets->first);
        say();
    }

    void say() {
        const std::string bytes = wire::encode(wanted_);
        ASSERT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }

    // The next thing it says; nothing when it has ended.
    bool hear() {
        pollfd ready{socket_.get(), POLLIN, 0};
        std::string bytes(1 << 17, '\0');
        if (::poll(&ready, 1, static_cast<int>(kPatience.ms())) != 1) return false;
        const ssize_t n = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (n <= 0) return false;
        auto seen = wire::decode<SessionObserved>(std::string_view(bytes).substr(0, static_cast<std::size_t>(n)));
        EXPECT_TRUE(seen);
        seen_ = *seen;
        if (seen_.output_number == wanted_.heard + 1) {
            (seen_.stream == "stderr" ? err_ : out_) += seen_.output;
            if (!deaf_) {
                wanted_.heard = seen_.output_number;
                if (seen_.phase != SessionPhase::ended) say();
            }
        }
        return true;
    }
    template <class Done>
    bool hear_until(Done done) {
        while (!done())
            if (!hear()) return done();
        return true;
    }
    int code() {
        EXPECT_TRUE(hear_until([&] { return seen_.phase == SessionPhase::ended; }));
        return seen_.code;
    }
    void give(const std::string& bytes, bool last = false) {
        wanted_.takes_input = true;
        ++wanted_.input_number;
        wanted_.input = bytes;
        wanted_.input_ended = last;
        if (socket_.valid()) say();
    }
    void hang_up() { socket_.reset(); }

    static bool lives(pid_t pid) { return ::kill(pid, 0) == 0; }
    static bool dies(pid_t pid) {
        for (int i = 0; i < 6000 && lives(pid); ++i) ::poll(nullptr, 0, 10);
        return !lives(pid);
    }

    const std::string dir_ = fs::temp_directory_path() / ("drover-session-" + std::to_string(::getpid()));
    wire::SessionDesired wanted_;
    SessionObserved seen_;
    std::string out_, err_;
    bool deaf_ = false;
    os::Process process_;
    UniqueFd socket_;
};

TEST_F(SessionTest, ACommandRunsInTheTasksPlaceAndItsStreamsAndExitCodeAreTold) {
    start({"sh", "-c", "pwd; echo $STAGE; echo bad >&2; exit 7"});
    EXPECT_EQ(code(), 7);
    EXPECT_EQ(out_, dir_ + "/place\nlive\n");
    EXPECT_EQ(err_, "bad\n");
    EXPECT_EQ(seen_.error, "");
}

TEST_F(SessionTest, ASignalThatEndsItIsToldAs128AndItsNumber) {
    start({"sh", "-c", "echo up; exec sleep 1000"});
    ASSERT_TRUE(hear_until([&] { return out_ == "up\n"; }));
    wanted_.signals = {{1, "", "SIGTERM"}};
    say();
    EXPECT_EQ(code(), 128 + SIGTERM);
    EXPECT_EQ(seen_.signals_applied, 1U);
}

TEST_F(SessionTest, ATerminalHasItsSizeTypeAndKeysAndIsResized) {
    wanted_.tty = true;
    wanted_.tty_type = "xterm";
    wanted_.rows = 33;
    wanted_.columns = 101;
    start({"sh", "-c", "tty; stty size; echo $TERM; trap 'stty size; exit 3' WINCH; while :; do sleep 0.05; done"});
    ASSERT_TRUE(hear_until([&] { return out_.find("xterm") != std::string::npos; }));
    EXPECT_THAT(out_, HasSubstr("/dev/pts/"));
    EXPECT_THAT(out_, HasSubstr("33 101"));
    wanted_.rows = 40;
    say();
    EXPECT_EQ(code(), 3);
    EXPECT_THAT(out_, HasSubstr("40 101"));
    EXPECT_EQ(err_, "");
}

TEST_F(SessionTest, KeysOfATerminalReachTheForegroundAsSignals) {
    wanted_.tty = true;
    wanted_.tty_type = "xterm";
    start({"sleep", "1000"});  // a shell that forks just then forgets the signal
    ASSERT_TRUE(hear_until([&] { return seen_.phase == SessionPhase::running; }));
    give("\x03");
    EXPECT_EQ(code(), 128 + SIGINT);
}

TEST_F(SessionTest, InputArrivesWholeAndInOrderHoweverSlowlyItIsRead) {
    wanted_.takes_input = true;
    start({"sh", "-c", "sleep 0.3; cksum"});
    std::string all;
    for (int piece = 0; piece < 40; ++piece) {
        std::string bytes(wire::kSessionPiece, static_cast<char>('a' + piece % 26));
        all += bytes;
        give(bytes);
        say();  // said twice is taken once
        ASSERT_TRUE(hear_until([&] { return seen_.heard == wanted_.input_number; }));
    }
    give("", true);
    EXPECT_EQ(code(), 0);
    EXPECT_THAT(out_, HasSubstr(" " + std::to_string(all.size()) + "\n"));
}

TEST_F(SessionTest, OutputIsHeldBackWhileNobodyTakesItAndNothingOfItIsLost) {
    deaf_ = true;
    start({"sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo done > written"});
    ASSERT_TRUE(hear_until([&] { return seen_.output_number == 1; }));
    for (int i = 0; i < 50; ++i) {
        ::poll(nullptr, 0, 10);
        ASSERT_FALSE(fs::exists(dir_ + "/place/written")) << "some 200 KB fit into no pipe";
    }
    deaf_ = false;
    wanted_.heard = 1;
    say();
    EXPECT_EQ(code(), 0);
    std::string expected;
    for (int i = 0; i < 20000; ++i) expected += "line " + std::to_string(i) + "\n";
    EXPECT_TRUE(out_ == expected) << out_.size();
}

TEST_F(SessionTest, WhatACommandLeavesBehindEndsWithIt) {
    start({"sh", "-c", "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!; exit 0"});
    EXPECT_EQ(code(), 0);
    EXPECT_TRUE(dies(std::stoi(out_)));
}

TEST_F(SessionTest, EverythingEndsWhenWhoeverAskedForItHasGone) {
    start({"sh", "-c", "trap '' HUP INT TERM; sleep 1000 & echo $$ $!; while :; do wait; done"});
    ASSERT_TRUE(hear_until([&] { return out_.find('\n') != std::string::npos; }));
    const pid_t shell = std::stoi(out_);
    const pid_t child = std::stoi(out_.substr(out_.find(' ')));
    hang_up();
    EXPECT_TRUE(dies(shell));
    EXPECT_TRUE(dies(child));
}

TEST_F(SessionTest, TheCommandEndsWithItsProgramHoweverThatEnds) {
    start({"sh", "-c", "echo $$; exec sleep 1000"});
    ASSERT_TRUE(hear_until([&] { return out_.find('\n') != std::string::npos; }));
    ASSERT_EQ(::kill(process_.pid, SIGKILL), 0);
    EXPECT_TRUE(dies(std::stoi(out_)));
}

TEST_F(SessionTest, WhatCannotBeRunIsToldAsAShellTellsIt) {
    start({"no-such-program"});
    EXPECT_EQ(code(), 127);
    EXPECT_THAT(seen_.error, HasSubstr("there is no command no-such-program along the PATH of the task"));
}

TEST_F(SessionTest, AFileThatIsNoProgramIsToldAsAShellTellsIt) {
    std::ofstream(dir_ + "/place/text") << "x";
    start({"./text"});
    EXPECT_EQ(code(), 126);
    EXPECT_THAT(seen_.error, HasSubstr("Permission denied"));
}

TEST_F(SessionTest, ATaskThatHasJustEndedIsToldAsThat) {
    fs::remove(dir_ + "/" SHIM_SPEC_FILE);
    start({"true"});
    EXPECT_EQ(code(), 127);
    EXPECT_THAT(seen_.error, HasSubstr("it has just ended"));
}

TEST_F(SessionTest, WhatADriverHasScriptedTakesThePlaceOfEveryCommand) {
    write_spec({"/bin/sh", "-c", "echo scripted; exit 9"});
    start({"no-such-program"});
    EXPECT_EQ(code(), 9);
    EXPECT_EQ(out_, "scripted\n");
}

TEST_F(SessionTest, AScriptRunsToItsEndWithItsExitCode) {
    os::SpawnOptions options;
    options.path = program();
    const auto code = [&](const std::string& limit, const std::string& script) {
        options.argv = {"drover-session", dir_, limit, "/bin/sh", "-c", script};
        auto process = os::spawn(options, os::Stdio::null);
        return process && os::wait_exited(process->pidfd.get(), kPatience) ? os::reap(process->pidfd.get())->code : -1;
    };
    EXPECT_EQ(code("60000", "echo > done; yes | head -100000; exit 5"), 5);
    EXPECT_TRUE(fs::exists(dir_ + "/place/done"));
    EXPECT_EQ(code("100", "sleep 1000"), 124) << "it is ended at its limit";
}

TEST_F(SessionTest, AScriptHasTheEnvironmentItIsGivenAndEndsWhenItIsToldTo) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const std::string env("PATH=/usr/bin:/bin\0STAGE=new\0", 29);
    ASSERT_EQ(::write(ends[1], env.data(), env.size()), static_cast<ssize_t>(env.size()));
    ::close(ends[1]);
    os::SpawnOptions options;
    options.path = program();
    options.argv = {
        "drover-session", dir_, "60000", "sh", "-c", "echo $STAGE $$ > said.new; mv said.new said; sleep 1000"};
    options.fds = {{ends[0], STDIN_FILENO}};
    auto process = os::spawn(options, os::Stdio::null);
    ::close(ends[0]);
    ASSERT_TRUE(process);
    const std::string said = dir_ + "/place/said";
    for (int i = 0; i < 6000 && !fs::exists(said); ++i) ::poll(nullptr, 0, 10);
    std::string stage;
    pid_t pid = 0;
    std::ifstream(said) >> stage >> pid;
    EXPECT_EQ(stage, "new");
    ASSERT_GT(pid, 1);
    ::kill(process->pid, SIGTERM);
    ASSERT_TRUE(os::wait_exited(process->pidfd.get(), kPatience));
    EXPECT_EQ(os::reap(process->pidfd.get())->code, 124);
    EXPECT_TRUE(dies(pid));
}

}  // namespace
}  // namespace drover::session
