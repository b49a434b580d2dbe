#include "driver-manager/shell/node_id.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "os/files.hpp"
#include "os/remove.hpp"

namespace drover::driver_manager {
namespace {

class NodeIdTest : public testing::Test {
   protected:
    NodeIdTest() {
        std::string path = testing::TempDir() + "drover-node-id-XXXXXX";
        dir_ = ::mkdtemp(path.data());
    }
    ~NodeIdTest() override { EXPECT_TRUE(os::remove_tree(dir_)); }

    std::string dir_;
};

TEST_F(NodeIdTest, IsMadeOnceAndThenKept) {
    const auto first = node_id(dir_, "");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->size(), 16u);
    EXPECT_EQ(node_id(dir_, "").value(), *first);
    EXPECT_EQ(node_id(dir_, "other").value(), *first);
}

TEST_F(NodeIdTest, MayBeChosenTheFirstTime) {
    EXPECT_EQ(node_id(dir_, "node-7").value(), "node-7");
    EXPECT_EQ(node_id(dir_, "").value(), "node-7");
    EXPECT_FALSE(node_id(dir_ + "/missing", "a/b"));
}

TEST_F(NodeIdTest, ADamagedFileIsNotReplacedByANewNode) {
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/node_id", "\n", 0600, os::Durable::no));
    EXPECT_THAT(node_id(dir_, "").error().message, testing::HasSubstr("does not hold a node's id"));
}

}  // namespace
}  // namespace drover::driver_manager
