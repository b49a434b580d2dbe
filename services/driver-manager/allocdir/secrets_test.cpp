#include "driver-manager/allocdir/secrets.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/unique_fd.hpp"
#include "driver-manager/allocdir/alloc_dir.hpp"
#include "os/files.hpp"
#include "os/mounts.hpp"
#include "os/remove.hpp"

namespace drover::allocdir {
namespace {

constexpr uid_t kNobody = 65534;
constexpr Secrets kHidden{.in_memory = true, .uid = kNobody, .gid = kNobody};

class SecretsTest : public ::testing::Test {
   protected:
    void SetUp() override {
        std::string path = ::testing::TempDir() + "drover-secrets-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        root_ = dir_ + "/allocs";
        secrets_ = paths(root_, "a1", "web").secrets;
    }
    void TearDown() override { EXPECT_TRUE(os::remove_tree(dir_)); }

    static long mounts_on(const std::string& path) {
        const auto mounts = os::read_mounts();
        return std::count_if(mounts.begin(), mounts.end(), [&](const os::Mount& one) { return one.path == path; });
    }
    static struct stat look(const std::string& path) {
        struct stat st {};
        EXPECT_EQ(::lstat(path.c_str(), &st), 0) << path;
        return st;
    }
    Result<void> write(const std::string& path) { return os::write_file_atomic(path, "x", 0600, os::Durable::no); }

    std::string dir_;
    std::string root_;
    std::string secrets_;
};

TEST_F(SecretsTest, WithoutTheRightToMountTheyAreTheUsersAloneOnDisk) {
    ASSERT_TRUE(build(root_, "a1", "web", {.in_memory = false, .uid = kNobody, .gid = kNobody}));
    EXPECT_EQ(look(secrets_).st_mode & 07777U, 0700U);
    EXPECT_EQ(look(secrets_).st_uid, ::geteuid() == 0 ? kNobody : ::geteuid());
    EXPECT_EQ(mounts_on(secrets_), 0);
}

class HiddenSecrets : public SecretsTest {
   protected:
    void SetUp() override {
        SecretsTest::SetUp();
        const auto possible = can_keep_in_memory(dir_);
        if (!possible) GTEST_SKIP() << "mounting needs a right that is missing here: " << possible.error().message;
        ASSERT_TRUE(os::list_dir(dir_, 10)->empty()) << "trying leaves nothing";
    }
    void TearDown() override {
        EXPECT_TRUE(unmount_secrets(secrets_));
        SecretsTest::TearDown();
    }
};

TEST_F(HiddenSecrets, AreInMemorySmallAndTheUsersAlone) {
    ASSERT_TRUE(build(root_, "a1", "web", kHidden));
    EXPECT_EQ(mounts_on(secrets_), 1);
    EXPECT_EQ(look(secrets_).st_mode & 07777U, 0700U);
    EXPECT_EQ(look(secrets_).st_uid, kNobody);
    struct statvfs fs {};
    ASSERT_EQ(::statvfs(secrets_.c_str(), &fs), 0);
    EXPECT_EQ(fs.f_blocks * fs.f_frsize, 1U << 20);
    EXPECT_EQ(fs.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC), static_cast<unsigned>(ST_NOSUID | ST_NODEV | ST_NOEXEC));
}

TEST_F(HiddenSecrets, OutliveWhoeverMountedThemAndAreFoundAgain) {
    ASSERT_TRUE(build(root_, "a1", "web", kHidden));
    ASSERT_TRUE(write(secrets_ + "/token"));
    ASSERT_TRUE(build(root_, "a1", "web", kHidden));
    EXPECT_EQ(mounts_on(secrets_), 1);
    EXPECT_TRUE(os::exists(secrets_ + "/token"));
}

TEST_F(HiddenSecrets, AreMadeAgainWhenTheirMountIsGone) {
    ASSERT_TRUE(build(root_, "a1", "web", kHidden));
    ASSERT_TRUE(write(secrets_ + "/token"));
    ASSERT_EQ(::umount2(secrets_.c_str(), MNT_DETACH), 0);
    ASSERT_TRUE(build(root_, "a1", "web", kHidden));
    EXPECT_EQ(mounts_on(secrets_), 1);
    EXPECT_FALSE(os::exists(secrets_ + "/token"));
}

TEST_F(HiddenSecrets, GoWithTheirTaskEvenWhileAFileIsOpenThere) {
    ASSERT_TRUE(build(root_, "a1", "web", kHidden));
    ASSERT_TRUE(write(secrets_ + "/token"));
    const UniqueFd open(::open((secrets_ + "/token").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(destroy(root_, "a1", "web"));
    EXPECT_EQ(mounts_on(secrets_), 0);
    EXPECT_FALSE(os::exists(root_ + "/a1"));
    EXPECT_TRUE(empty_trash(root_));
    EXPECT_TRUE(os::list_dir(root_ + "/.trash", 10)->empty());
}

TEST_F(HiddenSecrets, InTheTrashOfAProcessThatDiedThereAreTakenAwayLater) {
    ASSERT_TRUE(build(root_, "a1", "web", kHidden));
    ASSERT_TRUE(os::make_dir(root_ + "/.trash", 0700));
    ASSERT_EQ(::rename((root_ + "/a1/web").c_str(), (root_ + "/.trash/0").c_str()), 0);
    EXPECT_TRUE(empty_trash(root_));
    EXPECT_TRUE(os::list_dir(root_ + "/.trash", 10)->empty());
}

TEST_F(HiddenSecrets, ALinkInTheirPlaceIsNeitherMountedOnNorThrough) {
    ASSERT_TRUE(build(root_, "a1", "web"));
    ASSERT_TRUE(os::make_dir(dir_ + "/outside", 0755));
    ASSERT_EQ(::rmdir(secrets_.c_str()), 0);
    ASSERT_EQ(::symlink((dir_ + "/outside").c_str(), secrets_.c_str()), 0);
    EXPECT_FALSE(build(root_, "a1", "web", kHidden));
    EXPECT_EQ(mounts_on(dir_ + "/outside"), 0);
    EXPECT_TRUE(unmount_secrets(secrets_));
}

TEST_F(HiddenSecrets, WhatSomebodyElseMountedThereIsNotTakenAway) {
    ASSERT_TRUE(build(root_, "a1", "web"));
    ASSERT_TRUE(os::make_dir(dir_ + "/outside", 0755));
    ASSERT_EQ(::mount((dir_ + "/outside").c_str(), secrets_.c_str(), nullptr, MS_BIND, nullptr), 0);
    EXPECT_TRUE(unmount_secrets(secrets_));
    EXPECT_EQ(mounts_on(secrets_), 1);
    ASSERT_EQ(::umount2(secrets_.c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace drover::allocdir
