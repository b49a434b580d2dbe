// Room on a real node: who gets it, who waits for it and when it is free again.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/unique_fd.hpp"
#include "driver-manager/shell/node_test.hpp"

namespace drover::driver_manager {
namespace {

using testing::HasSubstr;

class NodeAdmissionTest : public NodeTest {
   protected:
    NodeAdmissionTest() { tell_room(); }

    void tell_room() {
        wire::NodeObserved node;
        node.id = "n1";
        node.cpu = 2;
        node.memory = 1 << 30;
        node.attributes["unique.network.ip-address"] = "192.0.2.7";
        process_->hands.describe_node(node);
    }

    void restart() {
        die();
        start();
        tell_room();
    }

    static wire::TaskCommand in(const std::string& alloc, wire::TaskCommand command, double cpu) {
        command.alloc = alloc;
        command.spec.resources.cpu = cpu;
        command.alloc_resources[command.task] = command.spec.resources;
        return command;
    }

    wire::IncarnationObserved latest(const std::string& alloc) {
        const auto observed = process_->agent.inventory().observed({alloc, "server"});
        return observed && !observed->incarnations.empty() ? observed->incarnations.back()
                                                           : wire::IncarnationObserved();
    }

    bool becomes(const std::string& alloc, RunPhase phase) {
        return soon([&] { return latest(alloc).seq > 0 && latest(alloc).phase == phase; });
    }

    bool waits_for(const std::string& alloc, const std::string& what) {
        return soon([&] { return latest(alloc).waits.find(what) != std::string::npos; });
    }

    void stop(const std::string& alloc, bool keep_place = false) {
        wire::TaskCommand end = command(wire::Verb::stop, latest(alloc).seq);
        end.alloc = alloc;
        end.keep_place = keep_place;
        say(end);
    }

    static constexpr const char* kSleep = "exec sleep 1000";
};

// Somebody else's server.
class Foreigner {
   public:
    Foreigner() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(fd_.get(), 1), 0);
        socklen_t size = sizeof address;
        EXPECT_EQ(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
        port_ = ntohs(address.sin_port);
    }
    std::uint32_t port() const { return port_; }
    void leave() { fd_.reset(); }

   private:
    UniqueFd fd_;
    std::uint32_t port_ = 0;
};

TEST_F(NodeAdmissionTest, ATaskWaitsUntilAnotherHasTrulyEnded) {
    say(in("a1", shell(1, "trap 'sleep 0.3; exit 0' TERM; while :; do sleep 0.05; done"), 1.5));
    ASSERT_TRUE(becomes("a1", RunPhase::running));
    say(in("a2", shell(1, kSleep), 1));
    ASSERT_TRUE(waits_for("a2", "room on its node: it asks for 1 cores, 0.5 of 2 are free"));
    stop("a1");
    EXPECT_EQ(latest("a2").phase, RunPhase::starting);
    ASSERT_TRUE(becomes("a2", RunPhase::running));
    EXPECT_EQ(latest("a1").phase, RunPhase::exited) << "not before the other had ended";
    EXPECT_LE(latest("a1").finished_at, latest("a2").started_at);
}

TEST_F(NodeAdmissionTest, ATaskThatIsToRunAgainKeepsItsRoomMeanwhile) {
    say(in("a1", shell(1, "exit 1"), 1.5));
    ASSERT_TRUE(becomes("a1", RunPhase::exited));
    stop("a1", true);
    say(in("a2", shell(1, kSleep), 1));
    ASSERT_TRUE(waits_for("a2", "0.5 of 2 are free"));
    say(in("a1", shell(2, kSleep), 1.5));
    EXPECT_TRUE(becomes("a1", RunPhase::running));
    EXPECT_EQ(latest("a2").phase, RunPhase::starting);
}

TEST_F(NodeAdmissionTest, WhatIsHeldIsKnownAgainWhoeverWasKilled) {
    wire::TaskCommand first = in("a1", shell(1, "echo port $NOMAD_PORT_http; " + std::string(kSleep)), 1.5);
    first.ports["http"] = {};
    say(first);
    ASSERT_TRUE(becomes("a1", RunPhase::running));
    const auto told = latest("a1").ports;
    ASSERT_THAT(told.at("http"), HasSubstr("192.0.2.7:"));
    restart();
    EXPECT_EQ(latest("a1").ports, told);
    say(in("a2", shell(1, kSleep), 1));
    ASSERT_TRUE(waits_for("a2", "0.5 of 2 are free"));
    say(first);
    stop("a1");
    EXPECT_TRUE(becomes("a2", RunPhase::running));
    stop("a2");
    ASSERT_TRUE(becomes("a2", RunPhase::exited));
    EXPECT_TRUE(os::list_dir(dir_ + "/tasks/.reserved", 10)->empty()) << "nothing is held by what has ended";
}

TEST_F(NodeAdmissionTest, WhatCannotBeReadIsCountedAgainFromWhatRuns) {
    const wire::TaskCommand first = in("a1", shell(1, kSleep), 1.5);
    say(first);
    ASSERT_TRUE(becomes("a1", RunPhase::running));
    die();
    const std::string reserved = dir_ + "/tasks/.reserved/";
    for (const char* name : {"a1", "of-nobody"})
        ASSERT_TRUE(os::write_file_atomic(reserved + name, "?", 0600, os::Durable::no));
    start();
    tell_room();
    EXPECT_TRUE(os::list_dir(reserved, 10)->empty());
    say(first);
    say(in("a2", shell(1, kSleep), 1));
    EXPECT_TRUE(waits_for("a2", "0.5 of 2 are free"));
}

TEST_F(NodeAdmissionTest, AWaitingTaskThatIsStoppedNeverRunsAndHoldsNothing) {
    say(in("a1", shell(1, kSleep), 2));
    ASSERT_TRUE(becomes("a1", RunPhase::running));
    say(in("a2", shell(1, kSleep), 2));
    ASSERT_TRUE(waits_for("a2", "0 of 2 are free"));
    stop("a2");
    ASSERT_TRUE(becomes("a2", RunPhase::never_started));
    say(in("a3", shell(1, kSleep), 2));
    stop("a1");
    EXPECT_TRUE(becomes("a3", RunPhase::running));
}

TEST_F(NodeAdmissionTest, WhatWasKeptForASiblingThatNeverCameGoesWithTheAlloc) {
    wire::TaskCommand first = in("a1", shell(1, kSleep), 1);
    first.alloc_resources["sibling"].cpu = 1;
    say(first);
    ASSERT_TRUE(becomes("a1", RunPhase::running));
    say(in("a2", shell(1, kSleep), 1));
    ASSERT_TRUE(waits_for("a2", "0 of 2 are free"));
    wire::TaskCommand end = command(wire::Verb::destroy, 1);
    say(end);
    EXPECT_TRUE(becomes("a2", RunPhase::running));
}

TEST_F(NodeAdmissionTest, WhatTheNodeWillNeverHaveFailsWithTheReason) {
    say(in("a1", shell(1, kSleep), 3));
    ASSERT_TRUE(becomes("a1", RunPhase::start_failed));
    EXPECT_THAT(latest("a1").error, HasSubstr("it asks for 3 cores, 2 of 2 are free"));
    EXPECT_FALSE(latest("a1").recoverable);
}

TEST_F(NodeAdmissionTest, APortInUseIsWaitedForAndItsHolderIsNamed) {
    Foreigner other;
    wire::TaskCommand web = shell(1, "echo $NOMAD_ADDR_http $DROVER_PORT_http; " + std::string(kSleep));
    web.ports["http"] = {other.port()};
    say(web);
    const std::string holder = "port " + std::to_string(other.port()) + " is in use by PID " +
                               std::to_string(::getpid()) + " (drover_driver-m)";
    ASSERT_TRUE(waits_for("a1", holder)) << latest("a1").waits;
    other.leave();
    ASSERT_TRUE(becomes("a1", RunPhase::running));
    const std::string port = std::to_string(other.port());
    EXPECT_TRUE(soon_logged("192.0.2.7:" + port + " " + port));
    EXPECT_EQ(latest("a1").ports.at("http"), "192.0.2.7:" + port);
}

TEST_F(NodeAdmissionTest, ALabelledProbeAsksThePortThatWasChosen) {
    wire::TaskCommand web =
        shell(1,
              "exec python3 -c 'import os, signal, socket; s = socket.socket(); "
              "s.bind((\"127.0.0.1\", int(os.environ[\"NOMAD_PORT_web\"]))); s.listen(); signal.pause()'");
    web.ports["web"] = {};
    web.spec.ready.emplace().label = "web";
    say(web);
    EXPECT_TRUE(soon([&] { return latest("a1").ready; })) << latest("a1").error;
}

class NodeDevicesTest : public NodeAdmissionTest {
   protected:
    NodeDevicesTest() { plug_in({"mock/gpu/toy/0", "mock/gpu/toy/1"}); }

    static wire::TaskCommand with_gpus(const std::string& alloc, std::uint64_t count) {
        wire::TaskCommand result = shell(1, "echo has $MOCK_VISIBLE_DEVICES; " + std::string(kSleep));
        result.spec.resources.devices["mock/gpu"] = count;
        return in(alloc, result, 0);
    }
};

TEST_F(NodeDevicesTest, AreOneTasksUntilItHasEnded) {
    say(with_gpus("a1", 1));
    say(with_gpus("a2", 1));
    ASSERT_TRUE(becomes("a1", RunPhase::running));
    ASSERT_TRUE(becomes("a2", RunPhase::running));
    EXPECT_NE(latest("a1").devices, latest("a2").devices);
    EXPECT_TRUE(soon_logged("has " + latest("a1").devices.at(0).substr(std::string("mock/gpu/toy/").size())));
    say(with_gpus("a3", 1));
    ASSERT_TRUE(waits_for("a3", "it asks for 1 mock/gpu, 0 are free and healthy"));
    stop("a2");
    ASSERT_TRUE(becomes("a3", RunPhase::running));
}

TEST_F(NodeDevicesTest, AreTheSameOnesAfterARestartOfTheDriverManager) {
    say(with_gpus("a1", 2));
    ASSERT_TRUE(becomes("a1", RunPhase::running));
    const auto devices = latest("a1").devices;
    EXPECT_EQ(devices.size(), 2u);
    die();
    start();
    describe();
    EXPECT_EQ(latest("a1").devices, devices);
    say(with_gpus("a2", 1));
    EXPECT_TRUE(waits_for("a2", "0 are free and healthy"));
}

}  // namespace
}  // namespace drover::driver_manager
