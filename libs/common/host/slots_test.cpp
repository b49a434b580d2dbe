#include "host/slots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace drover::host {
namespace {

class Slots : public testing::Test {
   public:
    Slots() {
        std::string pattern = testing::TempDir() + "slots_XXXXXX";
        dir_ = ::mkdtemp(pattern.data());
    }
    ~Slots() override { std::filesystem::remove_all(dir_); }

   protected:
    Slot take(const std::string& hostname, const std::string& service = "alloc-runner") {
        auto slot = take_slot(dir_, service, hostname);
        EXPECT_TRUE(slot) << slot.error().message;
        return slot ? std::move(*slot) : Slot{};
    }
    std::string dir_;
};

TEST_F(Slots, EachReplicaGetsAnIdAndADirectoryOfItsOwn) {
    const Slot first = take("a");
    const Slot second = take("b");
    const Slot other = take("c", "gateway");
    EXPECT_EQ(first.id, "alloc-runner-0");
    EXPECT_EQ(second.id, "alloc-runner-1");
    EXPECT_EQ(other.id, "gateway-0");
    EXPECT_EQ(second.dir, dir_ + "/slots/alloc-runner-1");
    EXPECT_TRUE(std::filesystem::is_directory(second.dir));
}

TEST_F(Slots, AReplicaThatComesBackIsWhoItWas) {
    std::vector<Slot> slots;
    for (const char* hostname : {"a", "b", "c"}) slots.push_back(take(hostname));
    slots.clear();
    EXPECT_EQ(take("c").id, "alloc-runner-2");
    EXPECT_EQ(take("b").id, "alloc-runner-1");
}

TEST_F(Slots, WhatAReplicaLeftIsTakenUpBeforeANewSlotIsBegun) {
    Slot first = take("a");
    const Slot second = take("b");
    first = {};
    EXPECT_EQ(take("new").id, "alloc-runner-0");
}

TEST_F(Slots, IsFreeAtOnceWhenItsReplicaIsKilled) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t replica = ::fork();
    if (replica == 0) {
        const auto slot = take_slot(dir_, "alloc-runner", "a");
        (void)!::write(ends[1], slot ? slot->id.c_str() : "", 14);
        ::pause();
        ::_exit(0);
    }
    std::string id(14, ' ');
    ASSERT_EQ(::read(ends[0], id.data(), id.size()), 14);
    EXPECT_EQ(id, "alloc-runner-0");
    EXPECT_EQ(take("a").id, "alloc-runner-1") << "one host, two replicas";
    ::kill(replica, SIGKILL);
    ::waitpid(replica, nullptr, 0);
    EXPECT_EQ(take("a").id, "alloc-runner-0");
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_F(Slots, AVolumeThatCannotBeWrittenIsAnErrorWithItsName) {
    const auto slot = take_slot("/proc/nothing", "alloc-runner", "a");
    ASSERT_FALSE(slot);
    EXPECT_THAT(slot.error().message, testing::HasSubstr("/proc/nothing/slots"));
}

}  // namespace
}  // namespace drover::host
