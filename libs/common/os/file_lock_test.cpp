#include "os/file_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace drover::os {
namespace {

using testing::HasSubstr;

class FileLock : public testing::Test {
   public:
    FileLock() {
        std::string pattern = testing::TempDir() + "file_lock_XXXXXX";
        dir_ = ::mkdtemp(pattern.data());
    }
    ~FileLock() override { std::filesystem::remove_all(dir_); }

   protected:
    std::string dir_;
};

TEST_F(FileLock, ASecondServiceOnADataDirectoryIsRefusedWithASentence) {
    {
        const auto first = lock_data_dir(dir_, "state-store");
        ASSERT_TRUE(first);
        const auto second = lock_data_dir(dir_, "state-store");
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().kind, ErrorKind::refused);
        EXPECT_EQ(second.error().message, "another state-store (pid " + std::to_string(::getpid()) + ") uses " + dir_ +
                                              "; stop it, or give this one a data directory of its own");
        EXPECT_TRUE(lock_data_dir(dir_, "gateway")) << "another service may";
    }
    EXPECT_TRUE(lock_data_dir(dir_, "state-store"));
}

TEST_F(FileLock, AMissingDirectoryIsAnErrorWithItsName) {
    const auto lock = lock_data_dir("/nowhere/at/all", "state-store");
    ASSERT_FALSE(lock);
    EXPECT_THAT(lock.error().message, HasSubstr("/nowhere/at/all/state-store.lock"));
}

TEST_F(FileLock, IsFreeAtOnceWhenItsHolderIsKilled) {
    const std::string path = dir_ + "/lock";
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t holder = ::fork();
    if (holder == 0) {
        const auto lock = lock_file(path);
        (void)!::write(ends[1], lock ? "y" : "n", 1);
        ::pause();
        ::_exit(0);
    }
    char said = 0;
    ASSERT_EQ(::read(ends[0], &said, 1), 1);
    ASSERT_EQ(said, 'y');
    EXPECT_FALSE(lock_file(path));
    ::kill(holder, SIGKILL);
    ::waitpid(holder, nullptr, 0);
    EXPECT_TRUE(lock_file(path));
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace
}  // namespace drover::os
