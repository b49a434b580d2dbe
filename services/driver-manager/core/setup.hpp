// SetupCourse: the steps that come before an incarnation is launched, one after the other. Pure: the shell carries a
// step out and says how it ended.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "wire/desired.hpp"
#include "wire/observed.hpp"

namespace drover::driver_manager {

// The steps that a task needs, in their order.
std::vector<wire::SetupKind> setup_steps(const wire::TaskSpec& spec);

// May the same step succeed when it is tried again? Errors of kind `unavailable` say so.
inline bool may_help_to_try_again(const Error& error) { return error.kind == ErrorKind::unavailable; }

class SetupCourse {
   public:
    explicit SetupCourse(std::vector<wire::SetupKind> kinds) : kinds_(std::move(kinds)) {}

    // The step to carry out now, which counts as begun from here on; nothing while one is under way and when all is
    // over.
    std::optional<wire::SetupKind> next(Instant now);

    // What the step that is under way waits for, as a noun: "variable db/main"; empty: nothing. True when it is new.
    bool wait_for(const std::string& what);

    // The step that is under way has ended. After an error no other begins.
    void end(Instant now, const Result<void>& result);

    bool succeeded() const { return !error_ && !under_way() && steps_.size() == kinds_.size(); }
    const std::optional<Error>& error() const { return error_; }

    // As observers see it.
    const std::vector<wire::SetupStep>& steps() const { return steps_; }
    const std::string& waits() const { return waits_; }

   private:
    bool under_way() const { return !steps_.empty() && !steps_.back().over; }

    std::vector<wire::SetupKind> kinds_;
    std::vector<wire::SetupStep> steps_;
    std::string waits_;
    std::optional<Error> error_;
};

// Lets at most `places` in at a time, the others in the order of their coming.
template <class Key>
class Turnstile {
   public:
    explicit Turnstile(std::size_t places) : places_(places) {}

    void come(const Key& key) { waiting_.push_back(key); }

    // Who may go in now; call again until there is nobody.
    std::optional<Key> admit() {
        if (waiting_.empty() || inside_.size() >= places_) return std::nullopt;
        const Key key = waiting_.front();
        waiting_.pop_front();
        inside_.insert(key);
        return key;
    }

    // Whether it was let in or not.
    void leave(const Key& key) {
        inside_.erase(key);
        std::erase(waiting_, key);
    }

    std::size_t inside() const { return inside_.size(); }

   private:
    std::size_t places_;
    std::deque<Key> waiting_;
    std::set<Key> inside_;
};

}  // namespace drover::driver_manager
