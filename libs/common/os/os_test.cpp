#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/proc.hpp"
#include "os/remove.hpp"
#include "os/spawn.hpp"
#include "os/unix_socket.hpp"
#include "os/user.hpp"

namespace drover::os {
namespace {

class TempDir : public ::testing::Test {
   public:
    TempDir() {
        std::string path = ::testing::TempDir() + "drover-os-XXXXXX";
        dir_ = ::mkdtemp(path.data());
    }
    ~TempDir() override { (void)remove_tree(dir_); }

   protected:
    std::string dir_;
};

using Files = TempDir;
using Remove = TempDir;
using Spawn = TempDir;
using UnixSocket = TempDir;

Process start(std::vector<std::string> argv) {
    SpawnOptions options;
    options.path = argv.front();
    options.argv = std::move(argv);
    Result<Process> process = spawn(options, Stdio::null);
    EXPECT_TRUE(process) << process.error().message;
    return process ? std::move(*process) : Process{};
}

TEST_F(Files, AreReplacedWholeAndKeepTheirMode) {
    const std::string path = dir_ + "/f";
    ASSERT_TRUE(write_file_atomic(path, "old", 0600, Durable::yes));
    ASSERT_TRUE(write_file_atomic(path, "new!", 0600, Durable::no));
    EXPECT_EQ(read_file(path, 4), "new!");
    struct stat st {};
    ASSERT_EQ(::stat(path.c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0600U);
    EXPECT_EQ(list_dir(dir_, 10)->size(), 1U) << "the temporary file must not stay";
}

TEST_F(Files, BoundsAreErrorsWithTheObjectInThem) {
    ASSERT_TRUE(write_file_atomic(dir_ + "/f", "12345", 0600, Durable::no));
    EXPECT_THAT(read_file(dir_ + "/f", 4).error().message, ::testing::HasSubstr(dir_ + "/f is larger than 4 bytes"));
    EXPECT_EQ(read_file(dir_ + "/g", 4).error().kind, ErrorKind::not_found);
    EXPECT_FALSE(list_dir(dir_, 0));
}

TEST_F(Files, MakingADirectoryTwiceIsFineButNotThroughASymlink) {
    EXPECT_EQ(make_dir(dir_ + "/d", 01777), true);
    EXPECT_EQ(make_dir(dir_ + "/d", 01777), false);
    ASSERT_EQ(::symlink("d", (dir_ + "/link").c_str()), 0);
    EXPECT_FALSE(make_dir(dir_ + "/link", 0755));
}

TEST(PlainName, RefusesWhatCouldLeaveItsDirectory) {
    EXPECT_TRUE(is_plain_name("web-1_a.b"));
    for (const char* bad : {"", ".", "..", "a/b", ".hidden", "a\nb"}) EXPECT_FALSE(is_plain_name(bad)) << bad;
    EXPECT_FALSE(is_plain_name(std::string(129, 'a')));
}

TEST_F(Remove, TakesTheTreeAndNothingThatALinkPointsTo) {
    ASSERT_TRUE(make_dir(dir_ + "/outside", 0755));
    ASSERT_TRUE(write_file_atomic(dir_ + "/outside/keep", "x", 0600, Durable::no));
    ASSERT_TRUE(make_dir(dir_ + "/tree", 0755));
    ASSERT_TRUE(make_dir(dir_ + "/tree/sub", 0000));
    ASSERT_EQ(::symlink("../outside", (dir_ + "/tree/link").c_str()), 0);
    EXPECT_TRUE(remove_tree(dir_ + "/tree"));
    EXPECT_FALSE(exists(dir_ + "/tree"));
    EXPECT_TRUE(exists(dir_ + "/outside/keep"));
    EXPECT_TRUE(remove_tree(dir_ + "/tree")) << "absent is success";
}

TEST_F(Remove, NeverEntersAMountPoint) {
    if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
    ASSERT_TRUE(make_dir(dir_ + "/outside", 0755));
    ASSERT_TRUE(write_file_atomic(dir_ + "/outside/keep", "x", 0600, Durable::no));
    ASSERT_TRUE(make_dir(dir_ + "/tree", 0755));
    ASSERT_TRUE(make_dir(dir_ + "/tree/bound", 0755));
    const std::string bound = dir_ + "/tree/bound";
    if (::mount((dir_ + "/outside").c_str(), bound.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        GTEST_SKIP() << "this container may not mount";
    }
    const Result<void> removed = remove_tree(dir_ + "/tree");
    ASSERT_EQ(::umount2(bound.c_str(), MNT_DETACH), 0);
    ASSERT_FALSE(removed);
    EXPECT_THAT(removed.error().message, ::testing::HasSubstr(bound));
    EXPECT_TRUE(exists(dir_ + "/outside/keep"));
}

TEST_F(Spawn, SaysWhichProgramIsMissing) {
    SpawnOptions options;
    options.path = dir_ + "/nothing";
    options.argv = {options.path};
    EXPECT_THAT(spawn(options, Stdio::null).error().message, ::testing::HasSubstr(options.path));
}

TEST_F(Spawn, PassesOnlyTheDescriptorsItWasGiven) {
    std::array<int, 2> leak{};
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(leak.data()), 0);
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    SpawnOptions options;
    options.path = "/bin/ls";
    options.argv = {"ls", "/proc/self/fd"};
    options.fds = {{pipe[1], 1}, {pipe[1], 3}};
    const Result<Process> process = spawn(options, Stdio::null);
    ::close(pipe[1]);
    ASSERT_TRUE(process);
    ASSERT_TRUE(wait_exited(process->pidfd.get(), seconds(10)));
    EXPECT_EQ(reap(process->pidfd.get())->code, 0);
    std::array<char, 64> text{};
    const ssize_t n = ::read(pipe[0], text.data(), text.size());
    // 4 is the directory that ls reads.
    EXPECT_EQ(std::string(text.data(), static_cast<std::size_t>(n)), "0\n1\n2\n3\n4\n");
    for (const int fd : {leak[0], leak[1], pipe[0]}) ::close(fd);
}

TEST(Pidfd, TellsHowAChildEnded) {
    const Process process = start({"/bin/sleep", "60"});
    EXPECT_FALSE(wait_exited(process.pidfd.get(), {}));
    EXPECT_FALSE(reap(process.pidfd.get()));
    ASSERT_TRUE(send_signal(process.pidfd.get(), SIGINT));
    ASSERT_TRUE(wait_exited(process.pidfd.get(), seconds(10)));
    const std::optional<ExitStatus> status = reap(process.pidfd.get());
    ASSERT_TRUE(status);
    EXPECT_EQ(status->code, 130);
    EXPECT_EQ(status->signal, SIGINT);
    EXPECT_FALSE(send_signal(process.pidfd.get(), SIGINT)) << "the pidfd must not name a later process of the same pid";
}

TEST(Proc, FindsAProcessAndItsDescendants) {
    const Process process = start({"/bin/sh", "-c", "sleep 60 & wait"});
    const Result<ProcStat> stat = read_proc(process.pid);
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->parent, ::getpid());
    EXPECT_GT(stat->start_time, 0U);
    std::vector<ProcStat> tree;
    for (int i = 0; i < 1000 && tree.size() < 2; ++i) {
        tree = descendants(process.pid);
        wait_exited(process.pidfd.get(), milliseconds(10));
    }
    ASSERT_EQ(tree.size(), 2U);
    EXPECT_EQ(tree[0].pid, process.pid);
    for (const ProcStat& p : tree) ::kill(p.pid, SIGKILL);
    ASSERT_TRUE(wait_exited(process.pidfd.get(), seconds(10)));
    reap(process.pidfd.get());
    EXPECT_EQ(read_proc(process.pid).error().kind, ErrorKind::not_found);
    EXPECT_NE(boot_number(), 0U);
}

TEST_F(UnixSocket, LongPathsAreReachedThroughTheirDirectory) {
    const std::string dir = dir_ + "/" + std::string(120, 'd');
    ASSERT_TRUE(make_dir(dir, 0700));
    EXPECT_EQ(connect_in(dir, "none").error().kind, ErrorKind::not_found);
    const auto pair = socket_pair();
    ASSERT_TRUE(pair);
    EXPECT_EQ(peer_uid(pair->first.get()), ::getuid());
}

TEST(User, IsLookedUpWithItsGroupsAndNoOthers) {
    const Result<User> nobody = find_user("nobody");
    ASSERT_TRUE(nobody);
    EXPECT_NE(nobody->uid, 0U);
    for (const gid_t gid : nobody->groups) EXPECT_NE(gid, 0U);
    EXPECT_THAT(find_user("no-such-user").error().message, ::testing::HasSubstr("\"no-such-user\""));
}

}  // namespace
}  // namespace drover::os
