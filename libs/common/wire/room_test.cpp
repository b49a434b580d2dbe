#include "wire/room.hpp"

#include <gtest/gtest.h>

namespace drover::wire {
namespace {

Resources resources(double cpu, std::uint64_t memory, std::map<std::string, std::uint64_t> devices = {}) {
    return {cpu, memory, std::move(devices)};
}

TEST(Room, AnAskNamesATypeAVendorOrAName) {
    const DeviceGroup t4{"nvidia", "gpu", "Tesla T4", {}, {}};
    for (const char* ask : {"gpu", "nvidia/gpu", "nvidia/gpu/Tesla T4"}) EXPECT_TRUE(matches(ask, t4)) << ask;
    for (const char* ask : {"", "nvidia", "gpu/nvidia", "nvidia/gpu/", "amd/gpu", "nvidia/gpu/Tesla"})
        EXPECT_FALSE(matches(ask, t4)) << ask;
}

TEST(Room, SaysInWordsWhatIsMissing) {
    EXPECT_EQ(lack_of_room(resources(2, 1 << 30), resources(1.25, 0), resources(1, 0)),
              "it asks for 1 cores, 0.75 of 2 are free");
    EXPECT_EQ(lack_of_room(resources(2, 3ULL << 29), resources(0, 1 << 30), resources(0, 1 << 30)),
              "it asks for 1GiB of memory, 512MiB of 1.5GiB are free");
    EXPECT_EQ(lack_of_room(resources(2, 1 << 30), resources(3, 2ULL << 30), resources(0.1, 0)),
              "it asks for 0.1 cores, 0 of 2 are free");
    EXPECT_EQ(lack_of_room(resources(2, 1 << 30), resources(3, 2ULL << 30), {}), "") << "who asks for nothing fits";
    EXPECT_NE(lack_of_room(resources(2, 1 << 30), resources(0, 8), resources(0, ~0ULL)), "") << "no sum wraps around";
}

TEST(Room, CountsTheDevicesThatOthersAskedForBefore) {
    DeviceGroup t4{"nvidia", "gpu", "T4", {{"a", true, "", ""}, {"b", true, "", ""}, {"c", false, "broken", ""}}, {}};
    DeviceGroup toy{"mock", "gpu", "toy", {{"x", true, "", ""}}, {}};
    EXPECT_EQ(lack_of_devices({t4, toy}, {}, resources(0, 0, {{"gpu", 3}})), "");
    EXPECT_EQ(lack_of_devices({t4, toy}, {}, resources(0, 0, {{"gpu", 4}})),
              "it asks for 4 gpu, 3 are free and healthy");
    EXPECT_EQ(lack_of_devices({t4, toy}, resources(0, 0, {{"nvidia/gpu", 2}}), resources(0, 0, {{"nvidia/gpu/T4", 1}})),
              "it asks for 1 nvidia/gpu/T4, 0 are free and healthy");
    EXPECT_EQ(lack_of_devices({t4, toy}, resources(0, 0, {{"nvidia/gpu", 2}}), resources(0, 0, {{"gpu", 1}})), "");
}

TEST(Use, CountsNoTaskThatHasEndedForGood) {
    GroupSpec group;
    group.tasks.resize(2);
    group.tasks[0].name = "prestart";
    group.tasks[1].name = "main";
    for (TaskSpec& task : group.tasks) task.resources.cpu = 1;
    AllocStatus status;
    status.tasks.resize(2);
    status.tasks[0].name = "prestart";
    status.tasks[0].phase = TaskPhase::dead;
    status.tasks[1].name = "main";
    Use use;
    use.add(group, &status);
    EXPECT_EQ(use.resources.cpu, 1);
    EXPECT_EQ(use.allocs, 1u);
}

TEST(Room, ANodeLacksWhatItsAllocsNameOrAskFor) {
    NodeObserved node;
    node.cpu = 2;
    GroupSpec group;
    group.tasks.resize(1);
    group.tasks[0].resources.cpu = 1.5;
    group.ports["http"].number = 8080;
    Use use;
    EXPECT_EQ(lack(node, use, group), "");
    use.add(group, nullptr);
    EXPECT_EQ(lack(node, use, group), "port 8080 is taken by another alloc");
    group.ports["http"].number = 0;
    EXPECT_EQ(lack(node, use, group), "it asks for 1.5 cores, 0.5 of 2 are free");
    group.tasks[0].resources = resources(0, 0, {{"gpu", 1}});
    EXPECT_EQ(lack(node, use, group), "it asks for 1 gpu, 0 are free and healthy");
}

}  // namespace
}  // namespace drover::wire
