// A network that loses nothing and counts everything. Who listens to whom is as in production: driver-managers and
// alloc-runners do not hear their own kind.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bus/transport.hpp"
#include "rt/sim_loop.hpp"

namespace drover::scale {

enum class Role { store, runner, node, gateway };
inline constexpr std::size_t kRoles = 4;
const char* to_string(Role role);

// Of all processes of one role together.
struct Traffic {
    std::uint64_t sent = 0;  // messages, each once for every listener
    std::uint64_t sent_bytes = 0;
    std::uint64_t heard = 0;
    std::uint64_t heard_bytes = 0;
    std::int64_t busy_ns = 0;  // of the processor, in its handlers
};
using Totals = std::array<Traffic, kRoles>;

class Mesh {
   public:
    explicit Mesh(rt::SimLoop& loop) : loop_(loop) {}

    std::unique_ptr<bus::Transport> join(Role role);
    // The loop as a process of that role sees it: what its timers do is counted as its work.
    std::unique_ptr<rt::Loop> view(Role role);

    // Since the last call.
    Totals take();

   private:
    class Port;
    class View;
    class Watch;

    void carry(const Port& from, std::string_view topic, std::string_view payload);

    rt::SimLoop& loop_;
    std::uint64_t last_port_ = 0;
    std::map<std::uint64_t, Port*> ports_;
    Totals totals_{};
};

}  // namespace drover::scale
