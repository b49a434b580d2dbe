#include "driver-manager/setup/setups.hpp"

#include <utility>

namespace drover::setup {

Setups::Setups(rt::Loop& loop, std::size_t at_once, Makers makers, SetupListener& listener)
    : loop_(loop), makers_(std::move(makers)), listener_(listener), turnstile_(at_once) {}

Setups::~Setups() {
    loop_.cancel(admission_);
    for (auto& [key, course] : courses_) loop_.cancel(course.later);
}

void Setups::begin(const launcher::RunKey& key, Site place) {
    driver_manager::SetupCourse setup(driver_manager::setup_steps(place.command.spec));
    if (!courses_.try_emplace(key, std::move(place), std::move(setup)).second) return;
    turnstile_.come(key);
    admit_later();
}

bool Setups::cancel(const launcher::RunKey& key) {
    const auto course = courses_.find(key);
    if (course == courses_.end()) return false;
    loop_.cancel(course->second.later);
    courses_.erase(course);
    turnstile_.leave(key);
    admit_later();
    return true;
}

void Setups::admit_later() {
    if (admission_ == 0) admission_ = loop_.at(loop_.now(), [this] { admit(); });
}

void Setups::admit() {
    admission_ = 0;
    while (const auto key = turnstile_.admit()) go_on(*key);
    for (auto& [key, course] : courses_)
        if (course.setup.steps().empty() && !std::exchange(course.told, true)) listener_.on_queued(key);
}

// One step a round, so that the loop stays responsive.
void Setups::go_on(const launcher::RunKey& key) {
    Course& course = courses_.at(key);
    course.later = 0;
    course.step.reset();
    const auto kind = course.setup.next(loop_.now());
    if (!kind) {
        const auto done = courses_.extract(key);
        turnstile_.leave(key);
        admit_later();
        return listener_.on_set_up(key, done.mapped().place, done.mapped().setup);
    }
    listener_.on_setup(key, course.setup);
    const auto maker = makers_.find(*kind);
    if (maker == makers_.end())
        return ended(key, fail(ErrorKind::refused, "this driver-manager knows no setup step \"" +
                                                       std::string(to_string(*kind)) + "\"; upgrade it"));
    course.step = maker->second(course.place, voice(key));
    course.step->begin();
}

StepVoice Setups::voice(const launcher::RunKey& key) {
    return {[this, key](const Result<void>& result) { ended(key, result); },
            [this, key](const std::string& what) {
                const auto course = courses_.find(key);
                if (course != courses_.end() && course->second.setup.wait_for(what))
                    listener_.on_setup(key, course->second.setup);
            },
            [this, key](const std::string& message) { listener_.on_told(key, message); },
            [this, key] {
                turnstile_.leave(key);
                admit_later();
            }};
}

// The step is in the middle of a call, so it goes in a later round.
void Setups::ended(const launcher::RunKey& key, const Result<void>& result) {
    Course& course = courses_.at(key);
    course.setup.end(loop_.now(), result);
    course.later = loop_.at(loop_.now(), [this, key] { go_on(key); });
}

}  // namespace drover::setup
