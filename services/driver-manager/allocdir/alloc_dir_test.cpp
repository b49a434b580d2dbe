#include "driver-manager/allocdir/alloc_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>

#include "driver-manager/allocdir/sweeper.hpp"
#include "os/files.hpp"
#include "os/remove.hpp"

namespace drover::allocdir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class AllocDirTest : public ::testing::Test {
   public:
    AllocDirTest() {
        std::string path = ::testing::TempDir() + "drover-allocdir-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        root_ = dir_ + "/allocs";
    }
    ~AllocDirTest() override { EXPECT_TRUE(os::remove_tree(dir_)); }

   protected:
    static mode_t mode(const std::string& path) {
        struct stat st {};
        return ::lstat(path.c_str(), &st) == 0 ? st.st_mode & 07777 : 0;
    }

    std::string dir_;
    std::string root_;
};

TEST_F(AllocDirTest, TasksFindTheirDirectoriesWithTheModesTheyNeed) {
    const Result<TaskDirs> dirs = build(root_, "a1", "web");
    ASSERT_TRUE(dirs);
    EXPECT_EQ(mode(root_), 0711U);
    EXPECT_EQ(mode(root_ + "/a1"), 0755U);
    EXPECT_EQ(mode(dirs->shared), 0777U);
    for (const char* name : {"data", "logs", "tmp"}) EXPECT_EQ(mode(root_ + "/a1/alloc/" + name), 0777U) << name;
    EXPECT_EQ(mode(dirs->root), 0777U);
    EXPECT_EQ(mode(dirs->local), 0777U);
    EXPECT_EQ(mode(dirs->tmp), 01777U);
    EXPECT_EQ(mode(dirs->secrets), 0700U);
}

TEST_F(AllocDirTest, BuildingAgainKeepsWhatIsThere) {
    const Result<TaskDirs> dirs = build(root_, "a1", "web");
    ASSERT_TRUE(os::write_file_atomic(dirs->local + "/data", "x", 0600, os::Durable::no));
    ASSERT_TRUE(build(root_, "a1", "web"));
    EXPECT_TRUE(os::exists(dirs->local + "/data"));
}

TEST_F(AllocDirTest, NamesThatLeaveTheTreeAreRefused) {
    for (const char* bad : {"alloc", "..", "a/b", "", ".trash"}) EXPECT_FALSE(build(root_, "a1", bad)) << bad;
    EXPECT_FALSE(build(root_, "../a1", "web"));
    EXPECT_FALSE(destroy(root_, "a1", "alloc"));
}

TEST_F(AllocDirTest, ALinkPutThereByATaskIsNotBuiltThrough) {
    const Result<TaskDirs> dirs = build(root_, "a1", "web");
    ASSERT_EQ(::rmdir(dirs->logs.c_str()), 0);
    ASSERT_EQ(::symlink("/etc", dirs->logs.c_str()), 0);
    EXPECT_THAT(build(root_, "a1", "web").error().message, HasSubstr(dirs->logs));
}

TEST_F(AllocDirTest, DestroyingTheLastTaskRemovesTheAlloc) {
    ASSERT_TRUE(build(root_, "a1", "web"));
    ASSERT_TRUE(build(root_, "a1", "db"));
    EXPECT_THAT(list(root_).value(), ElementsAre(Pair("a1", "db"), Pair("a1", "web")));
    EXPECT_TRUE(destroy(root_, "a1", "web"));
    EXPECT_THAT(list(root_).value(), ElementsAre(Pair("a1", "db")));
    EXPECT_TRUE(os::exists(root_ + "/a1/alloc/logs"));
    EXPECT_TRUE(destroy(root_, "a1", "db"));
    EXPECT_FALSE(os::exists(root_ + "/a1"));
    EXPECT_TRUE(empty_trash(root_));
    EXPECT_EQ(os::list_dir(root_ + "/.trash", 10)->size(), 0U);
    EXPECT_TRUE(destroy(root_, "a1", "db")) << "absent is success";
}

TEST_F(AllocDirTest, WhatIsMountedInATaskSurvivesItsDestruction) {
    if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
    ASSERT_TRUE(os::make_dir(dir_ + "/outside", 0755));
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/outside/keep", "x", 0600, os::Durable::no));
    const Result<TaskDirs> dirs = build(root_, "a1", "web");
    ASSERT_TRUE(build(root_, "a1", "db"));
    if (::mount((dir_ + "/outside").c_str(), dirs->local.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        GTEST_SKIP() << "this container may not mount";
    }
    EXPECT_TRUE(destroy(root_, "a1", "web"));
    EXPECT_FALSE(os::exists(dirs->root)) << "out of the way at once";
    EXPECT_FALSE(empty_trash(root_));
    EXPECT_TRUE(os::exists(dir_ + "/outside/keep"));
    const std::string left = os::list_dir(root_ + "/.trash", 10)->at(0);
    ASSERT_EQ(::umount2((root_ + "/.trash/" + left + "/local").c_str(), MNT_DETACH), 0);
    EXPECT_TRUE(empty_trash(root_)) << "tried again once nothing is mounted";
}

TEST_F(AllocDirTest, TheTrashIsEmptiedWithoutAnybodyWaiting) {
    std::promise<Error> told;
    {
        Sweeper sweeper({root_}, [](const Error& error) { ADD_FAILURE() << error.message; });
        for (const char* alloc : {"a1", "a2", "a3"}) {
            ASSERT_TRUE(build(root_, alloc, "web"));
            ASSERT_TRUE(destroy(root_, alloc, "web"));
            sweeper.sweep();
        }
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!os::list_dir(root_ + "/.trash", 10)->empty() && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        EXPECT_EQ(os::list_dir(root_ + "/.trash", 10)->size(), 0U);
    }
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/file", "x", 0600, os::Durable::no));
    ASSERT_EQ(::rmdir((root_ + "/.trash").c_str()), 0);
    ASSERT_EQ(::symlink((dir_ + "/file").c_str(), (root_ + "/.trash").c_str()), 0);
    Sweeper sweeper({root_}, [&](const Error& error) { told.set_value(error); });
    sweeper.sweep();
    std::future<Error> error = told.get_future();
    ASSERT_EQ(error.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    EXPECT_THAT(error.get().message, HasSubstr("/.trash"));
}

}  // namespace
}  // namespace drover::allocdir
