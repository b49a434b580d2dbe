// Ledger: who holds how much of the node. What an alloc asks for is taken all at once or not at all, so that no two
// allocs wait for each other's halves; each task gives its share back when it has ended for good, and the last one the
// ports. Pure: what the node has and what others listen on are arguments, and the shell keeps what is held on disk.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/core/inventory.hpp"
#include "wire/desired.hpp"
#include "wire/observed.hpp"

namespace drover::driver_manager {

// What there is to give to tasks.
struct Room {
    double cpu = 0;            // cores
    std::uint64_t memory = 0;  // bytes
    std::vector<wire::DeviceGroup> devices;
};

// The ports from which a node chooses, both included.
struct PortRange {
    std::uint32_t first = 20000;
    std::uint32_t last = 32000;
};

// "20000-32000"; invalid says what is wrong with it.
Result<PortRange> parse_port_range(std::string_view text);

class Ledger {
   public:
    explicit Ledger(PortRange range) : range_(range) {}

    // Until the first call everything fits. What is held already stays so when there is less than before.
    void set_room(Room room) { room_ = std::move(room); }

    // Who outside of the ledger uses a port: "in use by PID 12 (nginx)"; empty: nobody.
    using Outside = std::function<std::string(std::uint32_t port)>;

    // What the task of the command needs is held from now on, with that of its whole alloc when nothing of it was. True
    // when that is new. The error says what is missing: `unavailable` when waiting may help, `refused` when the node
    // will never have so much.
    Result<bool> admit(const wire::TaskCommand& command, const Outside& outside);

    // The same for a task that runs already: whether there is room or not. True when that is new.
    bool assume(const wire::TaskCommand& command);

    // The task has ended for good. True when it held something.
    bool give_back(const TaskKey& key);

    // The alloc holds this and nothing else.
    void put_back(wire::Reservation held);

    // Null when the alloc holds nothing.
    const wire::Reservation* find(const std::string& alloc) const;

   private:
    using Asks = std::map<std::string, wire::Resources>;  // by task
    using Ports = std::map<std::string, std::uint32_t>;   // by label

    Asks missing(const wire::TaskCommand& command) const;
    Result<void> check_room(const wire::Resources& wanted) const;
    Result<Ports> choose_ports(const wire::TaskCommand& command, const Outside& outside) const;
    Result<std::uint32_t> choose_port(const std::string& seed, const std::set<std::uint32_t>& taken,
                                      const Outside& outside) const;
    std::map<std::uint32_t, std::string> taken_ports() const;
    std::set<std::string> taken_devices() const;
    std::vector<std::string> choose_devices(const std::string& ask, std::uint64_t count,
                                            std::set<std::string>& taken) const;
    void hold(const std::string& alloc, const Asks& asks, Ports ports);

    PortRange range_;
    std::optional<Room> room_;
    std::map<std::string, wire::Reservation> held_;  // by alloc
};

}  // namespace drover::driver_manager
