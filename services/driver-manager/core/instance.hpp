// Instance: one driver of this node over time. When it is dispensed and asked how it is, what is said of it meanwhile,
// and what is done when it breaks. Pure: the shell carries out what next() wants and says what came of it.
#pragma once

#include <cstdint>
#include <string>

#include "base/edges.hpp"
#include "base/time.hpp"
#include "driver-manager/core/failures.hpp"
#include "wire/observed.hpp"

namespace drover::driver_manager {

enum class InstanceState { idle, coming, up, resting };

inline constexpr Edge<InstanceState> kInstanceEdges[] = {
    {InstanceState::idle, InstanceState::coming, "it is needed for the first time"},
    {InstanceState::coming, InstanceState::up, "it has told how it is"},
    {InstanceState::coming, InstanceState::resting, "it could not be dispensed"},
    {InstanceState::up, InstanceState::resting, "it died, or does not answer"},
    {InstanceState::resting, InstanceState::coming, "the pause is over"},
};

const char* to_string(InstanceState state);

class Instance {
   public:
    static constexpr Duration kPatience = seconds(10);  // for an answer
    static constexpr Duration kSettled = seconds(10);   // one that was up for so long begins a new row of failures

    // What the shell has to do: reach the driver, by what is remembered of it or by launching it; ask it how it is; end
    // what there is of it.
    enum class Act { none, dispense, ask, drop };

    // `forbidden`: why it may not be used on this node, then it never is; empty: it may. `period`: between questions.
    explicit Instance(Duration period, std::string forbidden = {});

    // What to do now; to be asked again after each of the below and at wake_at().
    Act next(Instant now);
    Instant wake_at() const;

    // It is how it says.
    void told(Instant now, wire::DriverInfo info);

    // It could not be dispensed, died, or said what no driver says.
    void broke(Instant now, const std::string& why);

    // For observers: one that worked once and no longer does is unhealthy, where one that never worked is not there.
    const wire::DriverInfo& info() const { return info_; }

    InstanceState state() const { return state_; }
    // Has been found to be something, be it absent; until then nobody knows.
    bool known() const { return known_; }

   private:
    void enter(InstanceState to);

    Duration period_;
    bool forbidden_;
    InstanceState state_ = InstanceState::idle;
    wire::DriverInfo info_;
    bool known_ = false;
    bool asked_ = false;  // and has not answered
    Instant due_;         // of the answer, of the next question, of the end of the pause
    Instant up_since_;
    Failures failures_;
};

}  // namespace drover::driver_manager
