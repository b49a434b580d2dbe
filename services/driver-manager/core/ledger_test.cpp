#include "driver-manager/core/ledger.hpp"

#include <gtest/gtest.h>

namespace drover::driver_manager {
namespace {

using testing::Test;

class LedgerTest : public Test {
   protected:
    LedgerTest() { ledger_.set_room({2, 1 << 30, {gpus("nvidia", "t4", 2), gpus("mock", "toy", 1)}}); }

    static wire::DeviceGroup gpus(const std::string& vendor, const std::string& name, int count) {
        wire::DeviceGroup group{vendor, "gpu", name, {}, {}};
        for (int i = 0; i < count; ++i) group.devices.push_back({"id" + std::to_string(i), true, "", ""});
        return group;
    }

    static wire::Resources asks(double cpu, std::uint64_t memory = 0,
                                const std::map<std::string, std::uint64_t>& devices = {}) {
        return {cpu, memory, devices};
    }

    static wire::TaskCommand task(const std::string& alloc, const std::string& name, const wire::Resources& resources) {
        wire::TaskCommand command;
        command.alloc = alloc;
        command.task = name;
        command.spec.resources = resources;
        command.alloc_resources[name] = resources;
        return command;
    }

    static wire::TaskCommand with_ports(wire::TaskCommand command, const std::map<std::string, std::uint32_t>& ports) {
        for (const auto& [label, number] : ports) command.ports[label] = {number};
        return command;
    }

    Result<bool> admit(const wire::TaskCommand& command) {
        return ledger_.admit(command, [this](std::uint32_t port) {
            const auto use = outside_.find(port);
            return use == outside_.end() ? std::string() : use->second;
        });
    }

    std::string why_not(const wire::TaskCommand& command) {
        const auto admitted = admit(command);
        return admitted ? "" : admitted.error().message;
    }

    Ledger ledger_{{20000, 20003}};
    std::map<std::uint32_t, std::string> outside_;
};

TEST_F(LedgerTest, GivesWhatIsThereAndNoMore) {
    EXPECT_TRUE(*admit(task("a", "t", asks(1.5, 1 << 29))));
    EXPECT_EQ(why_not(task("b", "t", asks(1))), "it asks for 1 cores, 0.5 of 2 are free");
    EXPECT_EQ(why_not(task("b", "t", asks(0.5, 600 << 20))), "it asks for 600MiB of memory, 512MiB of 1GiB are free");
    EXPECT_TRUE(*admit(task("b", "t", asks(0.5, 1 << 29))));
    EXPECT_TRUE(ledger_.give_back({"a", "t"}));
    EXPECT_FALSE(ledger_.give_back({"a", "t"}));
    EXPECT_TRUE(*admit(task("c", "t", asks(1.5))));
}

TEST_F(LedgerTest, ManySmallPartsMakeTheWhole) {
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(admit(task("a" + std::to_string(i), "t", asks(0.1)))) << i;
    EXPECT_FALSE(admit(task("last", "t", asks(0.001))));
}

TEST_F(LedgerTest, WhatAsksForNothingIsNotHeldUpAndHoldsNothing) {
    ASSERT_TRUE(admit(task("a", "t", asks(2))));
    EXPECT_FALSE(*admit(task("b", "t", {})));
    EXPECT_EQ(ledger_.find("b"), nullptr);
}

TEST_F(LedgerTest, WhatTheNodeWillNeverHaveIsRefusedForGood) {
    const auto never = admit(task("a", "t", asks(3)));
    ASSERT_FALSE(never);
    EXPECT_EQ(never.error().kind, ErrorKind::refused);
    const auto later = admit(task("a", "t", asks(0, 0, {{"gpu", 4}})));
    ASSERT_FALSE(later) << "a device may be plugged in";
    EXPECT_EQ(later.error().kind, ErrorKind::unavailable);
}

TEST_F(LedgerTest, AnAllocGetsEverythingOrNothing) {
    wire::TaskCommand first = task("a", "x", asks(1));
    first.alloc_resources["y"] = asks(1);
    ASSERT_TRUE(*admit(first));
    wire::TaskCommand other = task("b", "x", asks(1));
    other.alloc_resources["y"] = asks(1);
    EXPECT_FALSE(admit(other));
    EXPECT_EQ(ledger_.find("b"), nullptr);
    wire::TaskCommand second = first;
    second.task = "y";
    EXPECT_FALSE(*admit(second)) << "held already";
    ledger_.give_back({"a", "x"});
    EXPECT_FALSE(admit(other)) << "y has its half still";
    ledger_.give_back({"a", "y"});
    EXPECT_TRUE(*admit(other));
}

TEST_F(LedgerTest, ATaskThatEndedForGoodComesBackForItselfOnly) {
    wire::TaskCommand prestart = task("a", "prestart", asks(1));
    prestart.alloc_resources["main"] = asks(1);
    ASSERT_TRUE(admit(prestart));
    ledger_.give_back({"a", "prestart"});
    wire::TaskCommand main = prestart;
    main.task = "main";
    main.spec.resources = asks(1);
    EXPECT_FALSE(*admit(main));
    EXPECT_FALSE(ledger_.find("a")->tasks.contains("prestart"));
    EXPECT_TRUE(*admit(prestart));
}

TEST_F(LedgerTest, APortIsOneAllocsUntilItsLastTaskHasEnded) {
    wire::TaskCommand web = with_ports(task("alloc-one", "x", {}), {{"http", 8080}});
    web.alloc_resources["y"] = {};
    ASSERT_TRUE(*admit(web));
    const wire::TaskCommand other = with_ports(task("b", "t", {}), {{"http", 8080}});
    EXPECT_EQ(why_not(other), "port 8080 is reserved by alloc alloc-on");
    ledger_.give_back({"alloc-one", "x"});
    EXPECT_FALSE(admit(other));
    ledger_.give_back({"alloc-one", "y"});
    EXPECT_TRUE(admit(other));
    EXPECT_EQ(ledger_.find("b")->ports.at("http"), 8080u);
}

TEST_F(LedgerTest, WhoeverElseUsesAPortIsNamed) {
    outside_[8080] = "in use by PID 12 (nginx)";
    EXPECT_EQ(why_not(with_ports(task("a", "t", {}), {{"http", 8080}})), "port 8080 is in use by PID 12 (nginx)");
    EXPECT_EQ(ledger_.find("a"), nullptr);
    outside_.clear();
    EXPECT_TRUE(admit(with_ports(task("a", "t", {}), {{"http", 8080}})));
    outside_[8080] = "in use by PID 13 (the task itself)";
    EXPECT_FALSE(*admit(with_ports(task("a", "t", {}), {{"http", 8080}}))) << "held, whoever listens there now";
}

TEST_F(LedgerTest, ChosenPortsDifferAndAreTakenByNobodyElse) {
    outside_[20001] = "in use by PID 12 (nginx)";
    ASSERT_TRUE(admit(with_ports(task("a", "t", {}), {{"x", 20002}, {"y", 0}})));
    ASSERT_TRUE(admit(with_ports(task("b", "t", {}), {{"z", 0}})));
    std::set<std::uint32_t> chosen = {ledger_.find("a")->ports.at("y"), ledger_.find("b")->ports.at("z")};
    EXPECT_EQ(chosen, (std::set<std::uint32_t>{20000, 20003}));
    EXPECT_EQ(why_not(with_ports(task("c", "t", {}), {{"z", 0}})),
              "every port from 20000 to 20003 is reserved or in use");
}

TEST_F(LedgerTest, DevicesAreGivenToOneTaskEach) {
    ASSERT_TRUE(admit(task("a", "t", asks(0, 0, {{"nvidia/gpu", 1}}))));
    ASSERT_TRUE(admit(task("b", "t", asks(0, 0, {{"nvidia/gpu/t4", 1}}))));
    EXPECT_NE(ledger_.find("a")->tasks.at("t").devices, ledger_.find("b")->tasks.at("t").devices);
    EXPECT_EQ(why_not(task("c", "t", asks(0, 0, {{"nvidia/gpu", 1}}))),
              "it asks for 1 nvidia/gpu, 0 are free and healthy");
    EXPECT_EQ(why_not(task("c", "t", asks(0, 0, {{"gpu", 2}}))), "it asks for 2 gpu, 1 is free and healthy");
    ASSERT_TRUE(admit(task("c", "t", asks(0, 0, {{"gpu", 1}}))));
    EXPECT_EQ(ledger_.find("c")->tasks.at("t").devices, std::vector<std::string>{"mock/gpu/toy/id0"});
}

TEST_F(LedgerTest, WhoTakesAnyDeviceLeavesTheOnesThatASiblingNames) {
    wire::TaskCommand both = task("a", "any", asks(0, 0, {{"gpu", 2}}));
    both.alloc_resources["named"] = asks(0, 0, {{"mock/gpu", 1}});
    ASSERT_TRUE(admit(both));
    EXPECT_EQ(ledger_.find("a")->tasks.at("named").devices, std::vector<std::string>{"mock/gpu/toy/id0"});
    EXPECT_EQ(ledger_.find("a")->tasks.at("any").devices.size(), 2u);
}

TEST_F(LedgerTest, AnUnhealthyDeviceIsGivenToNobody) {
    wire::DeviceGroup group = gpus("nvidia", "t4", 1);
    group.devices[0].healthy = false;
    ledger_.set_room({2, 1 << 30, {group}});
    EXPECT_EQ(why_not(task("a", "t", asks(0, 0, {{"gpu", 1}}))), "it asks for 1 gpu, 0 are free and healthy");
}

TEST_F(LedgerTest, WhatRunsAlreadyCountsEvenBeyondWhatThereIs) {
    EXPECT_TRUE(ledger_.assume(with_ports(task("a", "t", asks(4)), {{"http", 8080}, {"admin", 0}})));
    EXPECT_FALSE(ledger_.assume(task("a", "t", asks(4))));
    EXPECT_FALSE(ledger_.assume(task("b", "t", {})));
    EXPECT_EQ(why_not(task("c", "t", asks(1))), "it asks for 1 cores, 0 of 2 are free");
    EXPECT_EQ(ledger_.find("a")->ports, (std::map<std::string, std::uint32_t>{{"http", 8080}}));
}

TEST(PortRange, SaysWhatIsWrong) {
    EXPECT_EQ(parse_port_range("20000-32000")->last, 32000u);
    EXPECT_EQ(parse_port_range("80-80")->first, 80u);
    for (const char* wrong : {"", "80", "80-", "-80", "90-80", "0-80", "1-65536", "1-2x", "a-b", "1--2"})
        EXPECT_FALSE(parse_port_range(wrong)) << wrong;
}

}  // namespace
}  // namespace drover::driver_manager
