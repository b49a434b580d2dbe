#include "world.hpp"

#include <algorithm>
#include <cstdio>

namespace drover::sim {

void Feed::put(const std::string& key, Body body) {
    Entry& entry = newest_[key];
    if (entry.body && *entry.body == body) return;
    entry = {++head_, key, std::make_shared<const Body>(std::move(body))};
}

std::vector<Entry> Feed::entries() const {
    std::vector<Entry> result;
    result.reserve(newest_.size());
    for (const auto& [key, entry] : newest_) result.push_back(entry);
    std::sort(result.begin(), result.end(), [](const Entry& a, const Entry& b) { return a.number < b.number; });
    return result;
}

const Body* Feed::find(const std::string& key) const {
    const auto at = newest_.find(key);
    if (at == newest_.end() || std::holds_alternative<std::monostate>(*at->second.body)) return nullptr;
    return at->second.body.get();
}

std::vector<std::string> Feed::keys() const {
    std::vector<std::string> result;
    for (const auto& [key, entry] : newest_)
        if (!std::holds_alternative<std::monostate>(*entry.body)) result.push_back(key);
    return result;
}

void World::after(Duration delay, std::function<void()> what) {
    events_.push_back({now_ + delay, ++order_, std::move(what)});
    std::push_heap(events_.begin(), events_.end(), std::greater<>());
}

void World::run_until(Instant end) {
    while (!events_.empty() && events_.front().at <= end) {
        std::pop_heap(events_.begin(), events_.end(), std::greater<>());
        Event event = std::move(events_.back());
        events_.pop_back();
        now_ = event.at;
        ++steps;
        event.what();
    }
    now_ = end;
}

void World::send(std::shared_ptr<const Message> message, std::function<void(const Message&)> receiver) {
    if (random.chance(loss)) return;
    const int copies = random.chance(duplication) ? 2 : 1;
    for (int i = 0; i < copies; ++i)
        after(random.between(microseconds(50), delay_max), [message, receiver] { receiver(*message); });
}

void World::trace(const std::string& line) const {
    if (!trace_) return;
    const Duration since = now_ - Instant{seconds(1'000'000'000).ns};
    std::printf("%9.3f ms  %s\n", static_cast<double>(since.ns) / 1e6, line.c_str());
}

void World::violate(const std::string& what) const {
    trace("VIOLATION " + what);
    throw Violation{what};
}

}  // namespace drover::sim
