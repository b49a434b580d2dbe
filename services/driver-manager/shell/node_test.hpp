// A driver-manager with real processes: the agent and real hands on a real loop, told and heard over a simulated bus.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bus/sim_transport.hpp"
#include "driver-manager/allocdir/alloc_dir.hpp"
#include "driver-manager/devices/mock.hpp"
#include "driver-manager/shell/agent.hpp"
#include "driver-manager/shell/node_hands.hpp"
#include "os/files.hpp"
#include "os/proc.hpp"
#include "os/remove.hpp"
#include "rt/epoll_loop.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {

using wire::RunPhase;
using wire::Value;

inline constexpr Duration kLimit = seconds(20);
inline const TaskKey kServer{"a1", "server"};

inline std::string beside_this_program(const std::string& name) {
    std::string self(PATH_MAX, '\0');
    const ssize_t n = ::readlink("/proc/self/exe", self.data(), self.size());
    self.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return self.substr(0, self.rfind('/') + 1) + name;
}

class NodeTest : public testing::Test {
   protected:
    NodeTest() {
        std::string path = testing::TempDir() + "drover-node-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        ::chmod(dir_.c_str(), 0711);
        start();
    }

    ~NodeTest() override {
        for (const TaskKey& key : process_->agent.inventory().tasks()) {
            wire::TaskCommand end = command(wire::Verb::destroy, 1);
            end.alloc = key.alloc;
            end.task = key.task;
            say(end);
        }
        EXPECT_TRUE(soon([&] {
            const auto left = allocdir::list(dir_ + "/allocs");
            return left && left->empty();
        }));
        process_.reset();
        EXPECT_TRUE(os::remove_tree(dir_));
    }

    struct Process {
        Process(rt::Loop& loop, const std::string& dir, const std::string& fetch, const NodeHands::Limits& limits,
                NodeHands::Plugins devices)
            : network(loop, 1),
              transport(network.join()),
              exchange(loop, *transport, {"n1", "driver-manager", "b"}),
              hands(loop,
                    {dir + "/tasks", dir + "/allocs", beside_this_program("drover-shim"),
                     beside_this_program("drover-mock-task"),
                     fetch.empty() ? std::vector<std::string>{} : std::vector<std::string>{fetch}, "", "", "",
                     beside_this_program("drover-session")},
                    "n1", limits, std::move(devices)),
              agent(loop, exchange, hands, "n1", 1) {
            const auto started = agent.start();
            EXPECT_TRUE(started) << started.error().message;
        }
        bus::SimNetwork network;
        std::unique_ptr<bus::Transport> transport;
        bus::Exchange exchange;
        NodeHands hands;
        Agent agent;
    };

    // Begins anew as a node with these devices, each "vendor/type/name/id".
    void plug_in(std::vector<std::string> names) {
        plugins_ = [names = std::move(names)] {
            NodeHands::Plugins plugins;
            plugins.push_back(std::make_unique<devices::Mock>(devices::Mock::parse(names).value()));
            return plugins;
        };
        die();
        start();
        describe();
    }

    void describe() {
        wire::NodeObserved node;
        node.id = "n1";
        node.cpu = 2;
        node.memory = 1 << 30;
        process_->hands.describe_devices(node);
        process_->hands.describe_node(node);
    }

    void start() { process_ = std::make_unique<Process>(loop_, dir_, fetch_, limits_, plugins_()); }
    void die() { process_.reset(); }

    static wire::TaskCommand command(wire::Verb verb, std::uint64_t seq) {
        wire::TaskCommand result;
        result.alloc = kServer.alloc;
        result.task = kServer.task;
        result.job = "web";
        result.group = "front";
        result.term = 1;
        result.verb = verb;
        result.seq = seq;
        result.incarnation = "id" + std::to_string(seq);
        result.kill_signal = "SIGTERM";
        result.kill_timeout = milliseconds(200);
        result.spec.name = "server";
        return result;
    }

    static wire::TaskCommand shell(std::uint64_t seq, const std::string& script) {
        wire::TaskCommand result = command(wire::Verb::run, seq);
        result.spec.driver = "raw_exec";
        result.spec.config = {{"command", {std::string("/bin/sh")}},
                              {"args", {Value::List{{std::string("-c")}, {script}}}}};
        return result;
    }

    static wire::TaskCommand mock(std::uint64_t seq, Value::Map config) {
        wire::TaskCommand result = command(wire::Verb::run, seq);
        result.spec.driver = "mock";
        result.spec.config = std::move(config);
        return result;
    }

    void say(const wire::TaskCommand& command) {
        wire::Record record;
        record.kind = "TaskCommand";
        record.key = command.alloc + "/" + command.task;
        record.body = wire::encode(command);
        process_->agent.on_record("ar-0", "task/command/n1", record);
    }

    wire::IncarnationObserved find(std::uint64_t seq) {
        if (const auto observed = process_->agent.inventory().observed(kServer))
            for (const auto& run : observed->incarnations)
                if (run.seq == seq) return run;
        return {};
    }

    wire::IncarnationObserved wait_for(std::uint64_t seq, RunPhase phase) {
        const auto is = [&] {
            const auto run = find(seq);
            return run.seq == seq && run.phase == phase;
        };
        EXPECT_TRUE(soon(is)) << "run " << seq << " is " << to_string(find(seq).phase) << " " << find(seq).error;
        return find(seq);
    }

    Result<wire::LogChunk> read_log(const std::string& stream) {
        wire::LogRead read;
        read.alloc = kServer.alloc;
        read.task = kServer.task;
        read.stream = stream;
        return process_->hands.read_log(read);
    }

    bool soon_logged(const std::string& text) {
        return soon([&] {
            const auto log = read_log("stdout");
            return log && log->data.find(text) != std::string::npos;
        });
    }

    // Files and processes do not wake the loop, so it looks again by itself.
    bool soon(const std::function<bool()>& done) {
        rt::Token ticker = 0;
        const std::function<void()> tick = [&] { ticker = loop_.at(loop_.now() + milliseconds(5), tick); };
        tick();
        const bool result = loop_.run_until(done, kLimit);
        loop_.cancel(ticker);
        return result;
    }

    rt::EpollLoop loop_;
    std::string dir_;
    std::string fetch_ = beside_this_program("drover-fetch");
    NodeHands::Limits limits_{.starts_in_flight = 4,
                              .setups = 4,
                              .fetch = {},
                              .dirs_period = milliseconds(20),
                              .drivers = {.raw_exec_root = true}};
    std::function<NodeHands::Plugins()> plugins_ = [] { return NodeHands::Plugins(); };
    std::unique_ptr<Process> process_;
};

}  // namespace drover::driver_manager
