#include "os/below.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "os/files.hpp"
#include "os/remove.hpp"

namespace drover::os {
namespace {

using ::testing::HasSubstr;

TEST(Below, APathIsCleanedOrRefused) {
    EXPECT_EQ(clean_path(""), "");
    EXPECT_EQ(clean_path("./a//b/./c/"), "a/b/c");
    EXPECT_EQ(clean_path("..a/b.."), "..a/b..");
    for (const char* bad : {"/a", "..", "a/../b", "a/..", "../a"}) EXPECT_EQ(clean_path(bad), std::nullopt) << bad;
    EXPECT_EQ(clean_path(std::string_view("a\0b", 3)), std::nullopt);
    std::string deep;
    for (int i = 0; i < 65; ++i) deep += "d/";
    EXPECT_EQ(clean_path(deep), std::nullopt) << "deeper than it could be removed";
}

class BelowDir : public ::testing::Test {
   public:
    BelowDir() {
        std::string path = ::testing::TempDir() + "drover-below-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        fd_ = UniqueFd(::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    ~BelowDir() override { (void)remove_tree(dir_); }

   protected:
    std::string dir_;
    UniqueFd fd_;
};

TEST_F(BelowDir, AFileIsWrittenWithTheDirectoriesItNeedsAndExactlyItsMode) {
    ASSERT_TRUE(write_file_below(fd_.get(), "a/b/f", "new", 0777, 0755));
    EXPECT_EQ(read_file(dir_ + "/a/b/f", 10), "new");
    struct stat st {};
    ASSERT_EQ(::stat((dir_ + "/a/b/f").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0777U);
}

TEST_F(BelowDir, NothingIsWrittenThroughALink) {
    ASSERT_TRUE(make_dir(dir_ + "/outside", 0755));
    ASSERT_TRUE(write_file_atomic(dir_ + "/outside/f", "old", 0600, Durable::no));
    ASSERT_TRUE(make_dir(dir_ + "/in", 0755));
    ASSERT_EQ(::symlink("../outside", (dir_ + "/in/link").c_str()), 0);
    ASSERT_EQ(::symlink("../outside/f", (dir_ + "/in/f").c_str()), 0);
    const UniqueFd in(::open((dir_ + "/in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_THAT(write_file_below(in.get(), "link/f", "x", 0600, 0755).error().message, HasSubstr("link is no dir"));
    EXPECT_TRUE(write_file_below(in.get(), "f", "new", 0600, 0755)) << "the link itself is replaced";
    EXPECT_EQ(read_file(dir_ + "/in/f", 10), "new");
    EXPECT_EQ(read_file(dir_ + "/outside/f", 10), "old");
}

}  // namespace
}  // namespace drover::os
