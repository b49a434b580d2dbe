#include "driver-manager/fingerprint/storage.hpp"

#include <gtest/gtest.h>

namespace drover::fingerprint {
namespace {

TEST(Storage, IsAsFullAsItIsForWhoIsNotRoot) {
    EXPECT_DOUBLE_EQ(share(1000, 250, 250), 75);
    EXPECT_DOUBLE_EQ(share(1000, 250, 0), 100);
    EXPECT_DOUBLE_EQ(share(0, 0, 0), 0);
    EXPECT_DOUBLE_EQ(share(10, 20, 5), 0);
}

TEST(Storage, IsLookedAtWhereThePathIs) {
    const auto use = look_at_storage("/");
    ASSERT_TRUE(use.has_value());
    EXPECT_GT(use->used, 0);
    EXPECT_LE(use->used, 100);
    EXPECT_FALSE(look_at_storage("/nonexistent/place").has_value());
}

TEST(Storage, ASmallChangeIsNotToldAndCreepingIsAllTheSame) {
    StorageTeller teller;
    const auto told = [&teller](std::optional<StorageUse> use) {
        wire::NodeObserved node;
        teller.tell(use, node);
        return node.attributes["storage.used_percent"] + " " + node.attributes["storage.inodes_used_percent"];
    };
    EXPECT_EQ(told(std::nullopt), " ");
    EXPECT_EQ(told(StorageUse{84.44, 9.96}), "84.4 10.0");
    EXPECT_EQ(told(StorageUse{85.3, 9.96}), "84.4 10.0");
    EXPECT_EQ(told(StorageUse{83.6, 9.96}), "84.4 10.0");
    EXPECT_EQ(told(StorageUse{85.5, 10.2}), "85.5 10.2");
    EXPECT_EQ(told(StorageUse{85.5, 12}), "85.5 12.0");
    EXPECT_EQ(told(std::nullopt), "85.5 12.0") << "what cannot be read now has not changed";
}

}  // namespace
}  // namespace drover::fingerprint
