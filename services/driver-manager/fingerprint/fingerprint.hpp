// The node's fingerprint.
#pragma once

#include <map>
#include <string>

#include "wire/observed.hpp"

namespace drover::fingerprint {

// What the owner of the node says of it.
struct Wishes {
    double reserved_cpu = 0;            // cores that no task gets
    std::uint64_t reserved_memory = 0;  // bytes, likewise
    std::string interface {};           // as of describe_network()
};

class Machine {
   public:
    // Looks at what stays as it is until the next boot: processors, kernel, signals.
    explicit Machine(Wishes wishes);

    // That, and what the machine is now: how many processors are on, memory, names, distribution, cgroup mode, network.
    // What cannot be read is left out.
    wire::NodeObserved observe(const std::string& id, const std::map<std::string, wire::DriverInfo>& drivers) const;

   private:
    Wishes wishes_;
    double mhz_ = 0;
    std::map<std::string, std::string> lasting_;  // attributes
};

}  // namespace drover::fingerprint
