#include "driver-manager/shell/fence.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "os/files.hpp"
#include "os/remove.hpp"

namespace drover::driver_manager {
namespace {

class FenceTest : public ::testing::Test {
   protected:
    FenceTest() {
        std::string path = testing::TempDir() + "drover-fence-XXXXXX";
        path_ = std::string(::mkdtemp(path.data())) + "/fence";
    }
    ~FenceTest() override { EXPECT_TRUE(os::remove_tree(path_.substr(0, path_.rfind('/')))); }

    std::uint64_t loaded() const { return Fence(path_).load().value_or(999); }

    std::string path_;
};

TEST_F(FenceTest, OutlivesTheProcessAndNeverFalls) {
    EXPECT_EQ(loaded(), 0U);
    Fence fence(path_);
    ASSERT_TRUE(fence.raise(7));
    ASSERT_TRUE(fence.raise(3));
    EXPECT_EQ(loaded(), 7U);
}

TEST_F(FenceTest, ADamagedOneDoesNotKeepTheNodeDown) {
    ASSERT_TRUE(os::write_file_atomic(path_, "nonsense", 0600, os::Durable::no));
    EXPECT_EQ(loaded(), 0U);
    EXPECT_TRUE(os::exists(path_ + ".damaged"));
}

}  // namespace
}  // namespace drover::driver_manager
