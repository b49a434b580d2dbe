// Course: what one start of a task asks of its external driver, whatever becomes of the driver meanwhile. Pure. A start
// whose answer was lost may have happened, so the driver is asked for the task first, and only one that does not know
// it is asked to start it once more.
#pragma once

#include <string>

#include "base/edges.hpp"
#include "wire/driver.hpp"

namespace drover::driver_manager {

enum class CourseStage { starting, running, ended, start_failed, never_started };

inline constexpr Edge<CourseStage> kCourseEdges[] = {
    {CourseStage::starting, CourseStage::running, "the driver says that it runs"},
    {CourseStage::starting, CourseStage::ended, "it was over before the driver could say that it ran"},
    {CourseStage::starting, CourseStage::start_failed,
     "the driver cannot start it, or knows nothing of it after two tries"},
    {CourseStage::starting, CourseStage::never_started, "stopped before the driver had it"},
    {CourseStage::running, CourseStage::ended, "the driver says how it ended, or does not know it any more"},
};

const char* to_string(CourseStage stage);

class Course {
   public:
    static constexpr int kStarts = 2;  // the first, and the retry

    enum class Ask { nothing, start, recover, wait };

    // `driver`: its name. `resumed`: somebody else may have asked before; `running`: it is known to have run.
    Course(std::string driver, bool resumed, bool running);

    CourseStage stage() const { return stage_; }

    // What to call next, when nothing is being asked; the call counts as made.
    Ask next();

    // What came of it: an answer, or none, since the connection has broken.
    void answered(const wire::DriverAnswer& answer);
    void lost();

    // It is to end: nothing is started from now on.
    void stop();

    // The driver cannot be asked, and what there was of the task was killed by somebody else.
    void killed();

    // Until it has ended: what the driver said last. Afterwards: how it ended.
    const wire::DriverTaskState& state() const { return state_; }
    const std::string& error() const { return error_; }  // of a failed start
    bool recoverable() const { return recoverable_; }

   private:
    void enter(CourseStage to);
    void take(const wire::DriverTaskState& state);
    void fail_start(std::string error, bool recoverable);
    void unknown();

    std::string driver_;
    CourseStage stage_;
    Ask ask_;
    bool asked_ = false;  // and neither answered nor lost
    int starts_ = 0;
    bool stopped_ = false;
    wire::DriverTaskState state_;
    std::string error_;
    bool recoverable_ = false;
};

}  // namespace drover::driver_manager
