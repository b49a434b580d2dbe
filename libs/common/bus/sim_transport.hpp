// SimNetwork: a bus that loses, delays, duplicates and reorders, under virtual time and from one seed.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bus/transport.hpp"
#include "rt/loop.hpp"

namespace drover::bus {

class SimNetwork {
   public:
    struct Faults {
        double loss = 0;         // share of deliveries
        double duplication = 0;  // share of deliveries made twice
        Duration delay_min = microseconds(100);
        Duration delay_max = microseconds(100);  // above delay_min: reorders
    };

    SimNetwork(rt::Loop& loop, std::uint64_t seed) : loop_(loop), random_(seed) {}

    // A process's end of the network; leaves it when destroyed.
    std::unique_ptr<Transport> join();

    void set_faults(const Faults& faults) { faults_ = faults; }
    std::uint64_t delivered() const { return delivered_; }

   private:
    class Port;

    void carry(const Port& from, std::string_view topic, std::string_view payload);
    void deliver_later(std::uint64_t port, std::shared_ptr<const std::pair<std::string, std::string>> message);

    rt::Loop& loop_;
    std::mt19937_64 random_;
    Faults faults_;
    std::uint64_t last_port_ = 0;
    std::uint64_t delivered_ = 0;
    std::map<std::uint64_t, Port*> ports_;
};

}  // namespace drover::bus
