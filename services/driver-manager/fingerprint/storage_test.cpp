#include "driver-manager/fingerprint/storage.hpp"

#include <gtest/gtest.h>

namespace drover::fingerprint {
namespace {

StorageUse use_of(double used, double inodes) {
    StorageUse use;
    use.used = used;
    use.inodes = inodes;
    return use;
}

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
    EXPECT_GT(use->bytes, use->free);
}

TEST(Storage, IsOfTheVolumeThatIsMountedThere) {
    const auto mount = [](const char* path, const char* type, const char* source) {
        return os::Mount{.path = path, .type = type, .options = "rw", .source = source};
    };
    const std::vector<os::Mount> mounts = {mount("/", "ext4", "/dev/sda1"), mount("/srv", "ext4", "/dev/sdb1"),
                                           mount("/srv", "xfs", "/dev/sdc1")};
    EXPECT_EQ(volume_of("/srv/drover", mounts), "/dev/sdc1");
    EXPECT_EQ(volume_of("/srvx", mounts), "/dev/sda1");
    EXPECT_EQ(volume_of("/srv", {}), "");
}

TEST(Storage, ASmallChangeIsNotToldAndCreepingIsAllTheSame) {
    StorageTeller teller;
    const auto told = [&teller](std::optional<StorageUse> use) {
        wire::NodeObserved node;
        teller.tell(use, node);
        return node.attributes["storage.used_percent"] + " " + node.attributes["storage.inodes_used_percent"];
    };
    EXPECT_EQ(told(std::nullopt), " ");
    EXPECT_EQ(told(use_of(84.44, 9.96)), "84.4 10.0");
    EXPECT_EQ(told(use_of(85.3, 9.96)), "84.4 10.0");
    EXPECT_EQ(told(use_of(83.6, 9.96)), "84.4 10.0");
    EXPECT_EQ(told(use_of(85.5, 10.2)), "85.5 10.2");
    EXPECT_EQ(told(use_of(85.5, 12)), "85.5 12.0");
    EXPECT_EQ(told(std::nullopt), "85.5 12.0") << "what cannot be read now has not changed";
}

}  // namespace
}  // namespace drover::fingerprint
