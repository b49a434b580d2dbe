// One store among a gateway, an alloc-runner and a driver-manager, on a lossy network under virtual time.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "base/check.hpp"
#include "bus/exchange.hpp"
#include "bus/sim_transport.hpp"
#include "rt/sim_loop.hpp"
#include "state-store/engine/memory_engine.hpp"
#include "state-store/shell/store.hpp"
#include "wire/codec.hpp"

namespace drover::store {

// Keeps the newest record of every key of what it follows, and how many records it heard.
class Listener : public bus::Follower {
   public:
    void on_reset(const std::string&, const std::string& stream) override {
        records[stream].clear();
        ++resets[stream];
    }
    void on_record(const std::string&, const std::string& stream, const wire::Record& record) override {
        ++heard[stream];
        log[stream].push_back(record);
        if (record.erased) {
            records[stream].erase(record.key);
        } else {
            records[stream][record.key] = record.body;
        }
    }
    void on_complete(const std::string&, const std::string&) override {}

    template <class T>
    std::optional<T> find(const std::string& stream, const std::string& key) {
        const auto it = records[stream].find(key);
        if (it == records[stream].end()) return std::nullopt;
        return wire::decode<T>(it->second).value();
    }

    std::map<std::string, std::map<std::string, std::string>> records;
    std::map<std::string, std::vector<wire::Record>> log;
    std::map<std::string, int> heard, resets;
};

// A medium that can be told to fail.
class FlakyEngine : public MemoryEngine {
   public:
    using MemoryEngine::MemoryEngine;
    Result<std::uint64_t> commit(const Batch& batch) override {
        if (write_error) return tl::unexpected(*write_error);
        return MemoryEngine::commit(batch);
    }
    Result<std::optional<Entry>> get(std::string_view key) const override {
        if (read_error) return tl::unexpected(*read_error);
        return MemoryEngine::get(key);
    }
    std::optional<Error> write_error, read_error;
};

// A disk with as much room as the test says, whose errands are done at once.
class FakeDisk : public Disk {
   public:
    Result<void> reserve() override {
        if (!has_room) return fail(ErrorKind::io, "disk full: nothing is free");
        reserved = true;
        return {};
    }
    bool release() override {
        if (!std::exchange(reserved, false)) return false;
        if (on_release) on_release();
        return true;
    }
    void back_up(const std::string& name, Done done) override {
        wire::StoreReport report;
        report.file = "/backups/" + name;
        done(report);
    }
    void check(Done done) override { done(fail(ErrorKind::corrupt, "a checksum is wrong")); }

    bool has_room = true, reserved = false;
    std::function<void()> on_release;
};

// A process that speaks in one stream and hears what it follows.
struct Speaker {
    Speaker(rt::Loop& loop, bus::SimNetwork& network, const bus::Exchange::Identity& self, const std::string& stream,
            std::uint64_t epoch, std::vector<std::string> follows)
        : transport(network.join()), feed(epoch), stream_name(stream), exchange(loop, *transport, self) {
        exchange.offer(stream, feed);
        for (const std::string& prefix : follows) exchange.follow(prefix, ears);
    }
    template <class T>
    void say(const std::string& key, const T& message) {
        feed.put(key, T::kName, wire::encode(message));
        exchange.changed(stream_name);
    }
    void unsay(const std::string& key) {
        feed.erase(key);
        exchange.changed(stream_name);
    }

    std::unique_ptr<bus::Transport> transport;
    bus::KeyedFeed feed;
    std::string stream_name;
    Listener ears;
    bus::Exchange exchange;
};

struct World {
    World() : network(loop, 7) {
        network.set_faults({.loss = 0.1, .duplication = 0.1, .delay_max = milliseconds(5)});
        gateway = make_gateway("g1", 1);
        runner = make_runner("r1");
        node = make_node("n1-boot");
    }

    struct Process {
        Process(World& world, const std::string& boot, std::uint64_t epoch)
            : transport(world.network.join()),
              exchange(world.loop, *transport, {"store-0", "state-store", boot}),
              store(world.loop, exchange, *world.engine, world.disk, world.limits, epoch,
                    [&world](const Error& why) { world.failures.push_back(why.message); }) {
            CHECK(store.start());
        }
        std::unique_ptr<bus::Transport> transport;
        bus::Exchange exchange;
        Store store;
    };

    void start() {
        process.reset();
        ++boots;
        process = std::make_unique<Process>(*this, "s" + std::to_string(boots), boots);
    }

    std::unique_ptr<Speaker> make_gateway(const std::string& boot, std::uint64_t epoch) {
        return std::make_unique<Speaker>(loop, network, bus::Exchange::Identity{"gw-0", "gateway", boot},
                                         "request/gw-0", epoch,
                                         std::vector<std::string>{"answer/gw-0", "state", "task/event"});
    }
    std::unique_ptr<Speaker> make_runner(const std::string& boot) {
        return std::make_unique<Speaker>(loop, network, bus::Exchange::Identity{"ar-0", "alloc-runner", boot},
                                         "report/ar-0", ++epochs, std::vector<std::string>{"state"});
    }
    std::unique_ptr<Speaker> make_node(const std::string& boot) {
        return std::make_unique<Speaker>(loop, network, bus::Exchange::Identity{"n1", "driver-manager", boot}, "node",
                                         ++epochs, std::vector<std::string>{});
    }

    bool until(const std::function<bool()>& done, Duration limit = seconds(20)) { return loop.run_until(done, limit); }

    std::optional<wire::Answer> answer(const std::string& id) {
        return gateway->ears.find<wire::Answer>("answer/gw-0", id);
    }
    // The answer; a refusal when there is none in time.
    wire::Answer ask(const wire::Request& request) {
        gateway->say(request.id, request);
        until([&] { return answer(request.id).has_value(); });
        return answer(request.id).value_or(refusal(request.id, {ErrorKind::unavailable, "no answer"}));
    }
    template <class T>
    std::optional<T> state(const std::string& key) {
        return gateway->ears.find<T>("state", key);
    }
    std::uint64_t generation() {
        until([&] {
            const auto members = runner->ears.find<wire::Members>("state", "members");
            return members && !members->alloc_runners.empty();
        });
        return runner->ears.find<wire::Members>("state", "members").value_or(wire::Members{}).generation;
    }

    rt::SimLoop loop;
    bus::SimNetwork network;
    std::unique_ptr<FlakyEngine> engine = std::make_unique<FlakyEngine>("uuid");
    FakeDisk disk;
    StoreLimits limits;
    std::uint64_t boots = 0, epochs = 100;
    std::vector<std::string> failures;
    std::unique_ptr<Speaker> gateway, runner, node;
    std::unique_ptr<Process> process;
};

}  // namespace drover::store
