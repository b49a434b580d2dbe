#include "driver-manager/shell/host_root.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace drover::driver_manager {
namespace {

namespace fs = std::filesystem;

class HostRoot : public testing::Test {
   protected:
    HostRoot() {
        std::string pattern = testing::TempDir() + "host_root_XXXXXX";
        dir_ = ::mkdtemp(pattern.data());
        fs::create_directories(dir_ + "/image/lib");
        write("drover-shim", "one");
        write("lib/loader", "two");
        write("drover-state-store", "stays there");
    }
    ~HostRoot() override { fs::remove_all(dir_); }

    void write(const std::string& name, const std::string& text) { std::ofstream(dir_ + "/image/" + name) << text; }
    std::string bring() {
        const auto brought = bring_programs(dir_ + "/image", dir_);
        EXPECT_TRUE(brought.has_value()) << brought.error().message;
        return brought.value_or("");
    }

    std::string dir_;
};

TEST_F(HostRoot, WhatTasksNeedIsBroughtForEverybodyToRun) {
    const std::string programs = bring();
    for (const char* name : {"/drover-shim", "/lib/loader"}) {
        struct stat info {};
        ASSERT_EQ(::stat((programs + name).c_str(), &info), 0) << name;
        EXPECT_EQ(info.st_mode & 0777U, 0755U) << name;
    }
    EXPECT_FALSE(fs::exists(programs + "/drover-state-store"));
    EXPECT_EQ(bring(), programs) << "and not again";
}

TEST_F(HostRoot, ANewerVersionTakesThePlaceOfTheOneBefore) {
    const std::string before = bring();
    write("drover-shim", "newer");
    const std::string after = bring();
    EXPECT_NE(after, before);
    EXPECT_FALSE(fs::exists(before));
    EXPECT_TRUE(fs::exists(after + "/lib/loader"));
}

TEST_F(HostRoot, WhereTheMachinesRootIsNotIsSaid) {
    const auto entered = enter_host("/nonexistent");
    ASSERT_FALSE(entered.has_value());
    EXPECT_NE(entered.error().message.find("cannot make /nonexistent the root directory"), std::string::npos);
}

}  // namespace
}  // namespace drover::driver_manager
