#include "driver-manager/allocdir/strays.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "driver-manager/allocdir/alloc_dir.hpp"
#include "os/files.hpp"
#include "os/remove.hpp"

namespace drover::allocdir {
namespace {

class StraysTest : public ::testing::Test {
   public:
    StraysTest() {
        std::string path = ::testing::TempDir() + "drover-strays-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        root_ = dir_ + "/allocs";
    }
    ~StraysTest() override { EXPECT_TRUE(os::remove_tree(dir_)); }

   protected:
    static void write(const std::string& path) {
        ASSERT_TRUE(os::write_file_atomic(path, "kept", 0600, os::Durable::no));
    }

    std::string dir_;
    std::string root_;
};

TEST_F(StraysTest, WhatIsNoDirectoryIsSetAsideAndKept) {
    ASSERT_TRUE(build(root_, "a1", "web"));
    write(root_ + "/a2");
    write(root_ + "/a1/api");
    ASSERT_EQ(::symlink("a1", (root_ + "/a3").c_str()), 0);
    const auto strays = set_strays_aside(root_);
    ASSERT_TRUE(strays) << strays.error().message;
    ASSERT_EQ(strays->size(), 3U);
    for (const Stray& stray : *strays) EXPECT_FALSE(os::exists(stray.path)) << stray.path;
    EXPECT_EQ(strays->front().path, root_ + "/a2");
    EXPECT_EQ(os::read_file(strays->front().aside, 16), "kept");
    using Tasks = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(list(root_), (Tasks{{"a1", "web"}}));
    EXPECT_TRUE(build(root_, "a2", "web")) << "the alloc may have its directory again";
}

TEST_F(StraysTest, ATreeThatIsWholeOrNotThereIsLeftAlone) {
    EXPECT_TRUE(set_strays_aside(root_)->empty());
    EXPECT_FALSE(os::exists(root_));
    ASSERT_TRUE(build(root_, "a1", "web"));
    ASSERT_TRUE(destroy(root_, "a1", "web"));
    EXPECT_TRUE(set_strays_aside(root_)->empty());
    EXPECT_FALSE(os::exists(root_ + "/.aside"));
}

}  // namespace
}  // namespace drover::allocdir
