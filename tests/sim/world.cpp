#include "world.hpp"

#include <algorithm>
#include <cstdio>

namespace drover::sim {

void Feed::put(const std::string& key, Body body) {
    Entry& entry = newest_[key];
    if (entry.body && *entry.body == body) return;
    entry = {++head_, key, std::make_shared<const Body>(std::move(body))};
    mail_.reset();
}

Mail Feed::mail(const std::string& from, std::uint64_t epoch) const {
    if (mail_ && mail_->epoch == epoch) return mail_;
    auto mail = std::make_shared<Message>();
    mail->from = from;
    mail->epoch = epoch;
    mail->head = head_;
    mail->entries.reserve(newest_.size());
    for (const auto& [key, entry] : newest_) mail->entries.push_back(entry);
    std::sort(mail->entries.begin(), mail->entries.end(),
              [](const Entry& a, const Entry& b) { return a.number < b.number; });
    mail_ = mail;
    return mail_;
}

const Body* Feed::find(const std::string& key) const {
    const auto at = newest_.find(key);
    if (at == newest_.end() || std::holds_alternative<std::monostate>(*at->second.body)) return nullptr;
    return at->second.body.get();
}

bool Feed::any() const {
    return std::any_of(newest_.begin(), newest_.end(),
                       [](const auto& entry) { return !std::holds_alternative<std::monostate>(*entry.second.body); });
}

void Feed::drop_erased() {
    std::erase_if(newest_,
                  [](const auto& entry) { return std::holds_alternative<std::monostate>(*entry.second.body); });
    mail_.reset();
}

void World::after(Duration delay, std::function<void()> what) {
    events_.push_back({now_ + delay, ++order_, std::move(what), nullptr, nullptr});
    std::push_heap(events_.begin(), events_.end(), std::greater<>());
}

void World::run_until(Instant end) {
    while (!events_.empty() && events_.front().at <= end) {
        std::pop_heap(events_.begin(), events_.end(), std::greater<>());
        Event event = std::move(events_.back());
        events_.pop_back();
        now_ = event.at;
        ++steps;
        if (event.ear)
            event.ear->hear(*event.mail);
        else
            event.what();
        if (watch) watch();
    }
    now_ = end;
}

void World::send(const Mail& mail, Ear& receiver) {
    if (random.chance(loss)) return;
    for (int copies = random.chance(duplication) ? 2 : 1; copies > 0; --copies) {
        const Duration delay = random.between(microseconds(50), delay_max);
        events_.push_back({now_ + delay, ++order_, {}, &receiver, mail});
        std::push_heap(events_.begin(), events_.end(), std::greater<>());
    }
}

void World::trace(const std::string& line) const {
    if (!trace_) return;
    const Duration since = now_ - Instant{seconds(1'000'000'000).ns};
    std::printf("%9.3f ms  %s\n", static_cast<double>(since.ns) / 1e6, line.c_str());
}

void World::violate(const std::string& promise, const std::string& how) const {
    trace("VIOLATION " + promise + ": " + how);
    throw Violation{promise, how};
}

}  // namespace drover::sim
