// The whole system at one moment: numbers of the tables of its parts, and what is on its way between them.
#pragma once

#include <array>
#include <cstring>

#include "base/hash.hpp"
#include "table.hpp"

namespace drover::model {

inline constexpr Id kDown = ~Id{0};
inline constexpr Id kOwners = 2;

// News of one sender: the newest, which it repeats for ever, and before it those that may still arrive late. A receiver
// takes any that is newer than what it has heard: what is lost, late or doubled comes to nothing else. One that starts
// anew may hear all of them.
struct Stream {
    static constexpr Id kMost = 4;
    std::array<Id, kMost> news{};
    Id size = 0;
    std::array<Id, kOwners> heard{};  // by receiver: how many from the front

    void say(Id what, Id most);
    Id newest() const { return news[size - 1]; }
    bool is_heard(Id receiver) const { return heard[receiver] == size; }
};

// What may still go wrong, how often; all of it may also not happen.
struct Faults {
    Id lapses = 0;          // of the lease of an alloc-runner that lives, which is cut off from then on
    Id returns = 0;         // of one that was cut off
    Id owner_deaths = 0;    //
    Id store_deaths = 0;    //
    Id node_deaths = 0;     // of the driver-manager, also in the middle of what it does
    Id exits = 0;           // of a process, by itself
    Id start_failures = 0;  //
    Id late_vectors = 0;    // of an alloc-runner that has died since
    Id job_stops = 0;       //
};

// Without padding: compared and hashed as bytes.
struct State {
    Id store = 0;
    Id machine = 0;
    Id commands = 0;  // the set of all that were ever said: each may arrive at any time, and again
    std::array<Id, kOwners> owners{};
    std::array<Id, kOwners> boots{};
    std::array<Id, kOwners> cut_off{};  // the boot whose vectors are not heard any more; 0: none
    Stream state;
    Stream node;
    std::array<Stream, kOwners> reports;
    Faults left;

    friend bool operator==(const State& a, const State& b) { return std::memcmp(&a, &b, sizeof a) == 0; }
    std::uint64_t hash() const { return stable_hash({reinterpret_cast<const char*>(this), sizeof *this}); }
};

inline void Stream::say(Id what, Id most) {
    if (size > 0 && newest() == what) return;
    if (size == most) {
        for (Id i = 1; i < size; ++i) news[i - 1] = news[i];
        --size;
        for (Id& position : heard) position -= position > 0 ? 1 : 0;
    }
    news[size++] = what;
}

}  // namespace drover::model
