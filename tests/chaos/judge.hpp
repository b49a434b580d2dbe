// Judge: looks at an arena that has come to rest, and says what is not as it was promised.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "arena.hpp"
#include "compare.hpp"
#include "integration/stalls.hpp"
#include "listener.hpp"
#include "share.hpp"

namespace drover::chaos {

class Judge {
   public:
    explicit Judge(Arena& arena);

    // Waits until observed is desired; how long it took. More than two seconds of a machine of our own is an offence,
    // for ever is nothing.
    std::optional<Duration> await_rest();
    // What was last missing before that.
    const std::string& last_missing() const { return last_missing_; }
    // Submits have been answered, everything is stopped: the whole history is compared.
    void close();
    // The longest that everybody was kept waiting by the machine.
    Duration worst_stall() const { return stalls_.worst(); }

    struct Totals {
        std::uint64_t lives = 0;
        std::uint64_t exits = 0;
        std::uint64_t events = 0;
    };
    const Totals& totals() const { return totals_; }

   private:
    std::string objection();
    std::string objection_to(const Json& allocs, const Living& living) const;
    void find_offences();
    bool all_ended(const std::vector<Json>& log) const;
    void stop_everything();
    void offend(const Sentences& sentences);

    Arena& arena_;
    Get get_;
    integration::Stalls stalls_;
    Listener listener_;
    std::string last_missing_;
    Totals totals_;
};

// Ends one task of each job that runs for ever, and waits until each of them runs again. How long it took since
// `trouble`, which comes first; nothing: it did not happen. That other tasks end is an offence.
std::optional<Duration> end_one_of_each_job(Arena& arena, const std::function<void()>& trouble);

// Troubles one alloc-runner so: when one task of each job was started again, all jobs of that alloc-runner have moved.
// More than five seconds, beside the delay of the restart, is an offence.
std::optional<Duration> hand_over(Arena& arena, Fault fault, int runner);

}  // namespace drover::chaos
