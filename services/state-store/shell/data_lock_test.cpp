#include "state-store/shell/data_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/hash.hpp"

namespace drover::store {
namespace {

TEST(DataLock, ASecondStoreOnADataDirectoryIsRefusedWithASentence) {
    const std::string directory = testing::TempDir() + "lock-" + random_hex(12);
    std::filesystem::create_directory(directory);
    {
        const auto first = lock_data_dir(directory);
        ASSERT_TRUE(first);
        const auto second = lock_data_dir(directory);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().kind, ErrorKind::refused);
        EXPECT_THAT(second.error().message, testing::HasSubstr("(pid " + std::to_string(::getpid()) + ")"));
    }
    EXPECT_TRUE(lock_data_dir(directory));
    std::filesystem::remove_all(directory);
}

TEST(DataLock, AMissingDirectoryIsAnErrorWithItsName) {
    const auto lock = lock_data_dir("/nowhere/at/all");
    ASSERT_FALSE(lock);
    EXPECT_THAT(lock.error().message, testing::HasSubstr("/nowhere/at/all/state-store.lock"));
}

}  // namespace
}  // namespace drover::store
