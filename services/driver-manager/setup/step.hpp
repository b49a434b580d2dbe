// Step: one step of a setup as it is carried out.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "driver-manager/allocdir/alloc_dir.hpp"
#include "driver-manager/drivers/driver.hpp"
#include "wire/desired.hpp"

namespace drover::setup {

// What the steps of one incarnation work on, and what they leave for its launch.
struct Site {
    wire::TaskCommand command;
    allocdir::TaskDirs dirs;       // exist once the directory step is over
    drivers::TaskContext context;  // as the driver will get it; a step may add to its late_env
    bool rendered = false;         // the templates are
};

class Step {
   public:
    // Ends at once whatever it has begun; nothing is said any more.
    virtual ~Step() = default;
    virtual void begin() = 0;
};

// How a step speaks. Both may be called from within begin(), and the step may be gone soon after.
struct StepVoice {
    // Once. An error of kind `unavailable` may pass when the step is tried again.
    std::function<void(const Result<void>&)> ended;
    // What it waits for, as a noun: "variable db/main"; empty: nothing.
    std::function<void(const std::string&)> waits;
    // What belongs into the history of the task, as a sentence; seldom.
    std::function<void(const std::string&)> tells{};
    // That may take days: from now on it does not hold up the setups of others.
    std::function<void()> gives_way{};
};

// The site outlives the step.
using StepMaker = std::function<std::unique_ptr<Step>(Site&, StepVoice)>;

// The second begins when the first has ended well.
StepMaker in_order(StepMaker first, StepMaker second);

// A step that is over when `work` returns.
StepMaker at_once(std::function<Result<void>(Site&)> work);

}  // namespace drover::setup
