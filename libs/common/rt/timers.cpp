#include "rt/timers.hpp"

namespace drover::rt {

void Timers::add(Token token, Instant when, Handler handler) {
    due_.emplace(Key{when, token}, std::move(handler));
    when_.emplace(token, when);
}

void Timers::cancel(Token token) {
    const auto it = when_.find(token);
    if (it == when_.end()) return;
    due_.erase(Key{it->second, token});
    when_.erase(it);
}

Instant Timers::next() const { return due_.empty() ? kNever : due_.begin()->first.first; }

bool Timers::run_one(Instant now) {
    if (next() > now || due_.empty()) return false;
    auto node = due_.extract(due_.begin());
    when_.erase(node.key().second);
    node.mapped()();
    return true;
}

void Timers::run(Instant now) {
    // Bounded by what is there now: a handler that re-arms itself for "at once" must not starve the descriptors.
    for (std::size_t left = due_.size(); left > 0; --left) {
        if (!run_one(now)) return;
    }
}

}  // namespace drover::rt
