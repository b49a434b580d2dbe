// Relay: a bus that loses, holds back and repeats, between real processes. It stands on every way from one service to
// another: a SUB towards the one that speaks, an XPUB towards the one that hears. Messages go forth, subscriptions
// back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace drover::chaos {

// Shares of messages in percent. What is held back lets later messages overtake it.
struct Weather {
    unsigned loss = 0;
    unsigned held = 0;
    unsigned repeated = 0;
    Duration longest_hold = milliseconds(300);
};

struct Way {
    std::string from;    // who speaks
    std::string to;      // who hears
    std::string source;  // endpoint of the speaker's voice
    std::string bind;    // endpoint at which the hearer listens
};

class Relay {
   public:
    // Ends the program when an endpoint cannot be bound.
    Relay(const std::vector<Way>& ways, std::uint64_t seed);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    void set(const Weather& weather);
    // Loses everything that the two say to each other.
    void cut(const std::string& one, const std::string& other);
    // Ends every cut.
    void heal();

    struct Counters {
        std::uint64_t passed = 0;
        std::uint64_t lost = 0;
        std::uint64_t held = 0;
        std::uint64_t repeated = 0;
    };
    Counters counters() const;

   private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace drover::chaos
