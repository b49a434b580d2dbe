#include "driver-manager/devices/manager.hpp"

#include <gtest/gtest.h>

#include "driver-manager/devices/mock.hpp"

namespace drover::devices {
namespace {

std::unique_ptr<Mock> mock(const std::vector<std::string>& names) {
    return std::make_unique<Mock>(Mock::parse(names).value());
}

struct Two {
    Two() {
        auto a = mock({"zeta/gpu/big/0", "zeta/gpu/big/1"});
        auto b = mock({"acme/fpga/x1/7"});
        first = a.get();
        second = b.get();
        std::vector<std::unique_ptr<Plugin>> all;
        all.push_back(std::move(a));
        all.push_back(std::move(b));
        manager.emplace(std::move(all));
        manager->look(now);
    }
    Instant now{seconds(100).ns};
    Mock* first = nullptr;
    Mock* second = nullptr;
    std::optional<Manager> manager;
};

TEST(Manager, TellsTheDevicesOfAllPluginsAsOneList) {
    Two two;
    ASSERT_EQ(two.manager->groups().size(), 2u);
    EXPECT_EQ(two.manager->groups()[0].vendor, "acme");
    EXPECT_EQ(two.manager->groups()[1].devices.size(), 2u);
    EXPECT_EQ(two.manager->usage().size(), 3u);
}

TEST(Manager, AnUpdateReplacesWhatThePluginHadBefore) {
    Two two;
    two.first->become({});
    two.manager->look(two.now);
    ASSERT_EQ(two.manager->groups().size(), 1u);
    EXPECT_EQ(two.manager->groups()[0].vendor, "acme");
}

TEST(Manager, APluginThatFailsIsAskedAgainLaterAndLaterWithItsDevicesUnhealthy) {
    Two two;
    two.first->fail_with("the card is being reset");
    two.manager->look(two.now);
    EXPECT_FALSE(two.manager->groups()[1].devices[0].healthy);
    EXPECT_EQ(two.manager->groups()[1].devices[0].description, "the card is being reset");
    EXPECT_TRUE(two.manager->groups()[0].devices[0].healthy) << "of another plugin";
    two.manager->look(two.now + seconds(1));
    two.first->fail_with("");
    two.manager->look(two.now + seconds(2));
    EXPECT_FALSE(two.manager->groups()[1].devices[0].healthy) << "not asked yet";
    two.manager->look(two.now + seconds(1) + driver_manager::Failures::kFirstPause);
    EXPECT_TRUE(two.manager->groups()[1].devices[0].healthy);
}

TEST(Manager, ReservesEachDeviceWithItsOwnPlugin) {
    Two two;
    const auto grant = two.manager->reserve({"zeta/gpu/big/1", "zeta/gpu/big/0"});
    ASSERT_TRUE(grant) << grant.error().message;
    EXPECT_EQ(grant->env.at("MOCK_VISIBLE_DEVICES"), "1,0");
    EXPECT_EQ(grant->nodes.size(), 2u);
    EXPECT_TRUE(two.manager->reserve({})->env.empty());
}

TEST(Manager, ADeviceThatNobodyHasIsNamed) {
    Two two;
    const auto grant = two.manager->reserve({"zeta/gpu/big/9"});
    ASSERT_FALSE(grant);
    EXPECT_EQ(grant.error().message, "there is no device zeta/gpu/big/9 on this node any more");
}

TEST(Mock, SaysWhichOfItsNamesIsNone) {
    for (const char* wrong : {"", "a", "a/b/c", "a/b//d", "a/b/c/d/e"}) EXPECT_FALSE(Mock::parse({wrong})) << wrong;
}

}  // namespace
}  // namespace drover::devices
