#include "bus/feed.hpp"

namespace drover::bus {

void KeyedFeed::append(const std::string& key, wire::Record record) {
    const auto [it, fresh] = newest_.try_emplace(key, 0);
    if (!fresh) {
        const auto old = records_.find(it->second);
        if (!old->second.erased) --live_;
        records_.erase(old);
    }
    record.number = ++head_;
    it->second = head_;
    if (record.erased) {
        tombstones_.push_back(head_);
    } else {
        ++live_;
    }
    records_.emplace(head_, std::move(record));
}

bool KeyedFeed::put(const std::string& key, std::string_view kind, std::string body) {
    if (const auto it = newest_.find(key); it != newest_.end()) {
        const wire::Record& old = records_.at(it->second);
        if (!old.erased && old.kind == kind && old.body == body) return false;
    }
    append(key, {.number = 0, .kind = std::string(kind), .key = key, .erased = false, .body = std::move(body)});
    return true;
}

bool KeyedFeed::erase(const std::string& key) {
    if (!contains(key)) return false;
    append(key, {.number = 0, .kind = {}, .key = key, .erased = true, .body = {}});
    compact();
    return true;
}

void KeyedFeed::compact() {
    while (tombstones_.size() > max_tombstones_) {
        const std::uint64_t number = tombstones_.front();
        tombstones_.pop_front();
        const auto it = records_.find(number);
        if (it == records_.end()) continue;  // the key was put again
        newest_.erase(it->second.key);
        records_.erase(it);
        floor_ = number;
    }
}

bool KeyedFeed::contains(const std::string& key) const {
    const auto it = newest_.find(key);
    return it != newest_.end() && !records_.at(it->second).erased;
}

std::vector<wire::Record> KeyedFeed::after(std::uint64_t number, std::size_t limit) const {
    std::vector<wire::Record> out;
    for (auto it = records_.upper_bound(number); it != records_.end() && out.size() < limit; ++it) {
        out.push_back(it->second);
    }
    return out;
}

}  // namespace drover::bus
