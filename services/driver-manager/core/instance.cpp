#include "driver-manager/core/instance.hpp"

#include <algorithm>
#include <utility>

namespace drover::driver_manager {

const char* to_string(InstanceState state) {
    switch (state) {
        case InstanceState::idle: return "idle";
        case InstanceState::coming: return "coming";
        case InstanceState::up: return "up";
        case InstanceState::resting: return "resting";
    }
    return "?";
}

Instance::Instance(Duration period, std::string forbidden) : period_(period), forbidden_(!forbidden.empty()) {
    info_.description = forbidden_ ? std::move(forbidden) : "nobody has asked it yet";
    known_ = forbidden_;
}

void Instance::enter(InstanceState to) {
    check_edge(kInstanceEdges, state_, to);
    state_ = to;
}

Instance::Act Instance::next(Instant now) {
    if (forbidden_) return Act::none;
    switch (state_) {
        case InstanceState::idle: break;
        case InstanceState::resting:
            if (now < due_) return Act::none;
            break;
        case InstanceState::coming:
        case InstanceState::up:
            if (now < due_) return Act::none;
            if (state_ == InstanceState::coming || asked_) {
                broke(now, "has not answered for " + to_string(kPatience));
                return Act::drop;
            }
            asked_ = true;
            due_ = now + kPatience;
            return Act::ask;
    }
    enter(InstanceState::coming);
    due_ = now + kPatience;
    return Act::dispense;
}

Instant Instance::wake_at() const {
    if (forbidden_) return kNever;
    return state_ == InstanceState::idle ? Instant{} : due_;
}

void Instance::told(Instant now, wire::DriverInfo info) {
    if (forbidden_ || state_ == InstanceState::idle || state_ == InstanceState::resting) return;
    if (state_ == InstanceState::coming) {
        enter(InstanceState::up);
        up_since_ = now;
    }
    info.detected = info.detected || info_.detected;
    info.healthy = info.healthy && info.detected;
    info_ = std::move(info);
    known_ = true;
    asked_ = false;
    due_ = now + period_;
}

void Instance::broke(Instant now, const std::string& why) {
    if (state_ == InstanceState::idle || state_ == InstanceState::resting) return;
    if (state_ == InstanceState::up && now - up_since_ >= kSettled) failures_.over();
    const Duration pause = failures_.pause();
    enter(InstanceState::resting);
    asked_ = false;
    due_ = now + pause;
    info_.healthy = false;
    info_.description = why;
    known_ = known_ || failures_.count() > 1;
}

}  // namespace drover::driver_manager
