#include "state-store/core/view.hpp"

namespace drover::store {

Result<std::optional<std::string>> Draft::get(std::string_view key) const {
    const auto it = newest_.find(key);
    if (it == newest_.end()) return base_.get(key);
    return changes_[it->second]->value;
}

void Draft::put(const std::string& key, std::string value) {
    const auto old = get(key);
    if (old && *old && **old == value) return;
    change(key, std::move(value));
}

void Draft::forget(const std::string& key) { change(key, std::nullopt); }

void Draft::change(const std::string& key, std::optional<std::string> value) {
    const auto [it, fresh] = newest_.try_emplace(key, changes_.size());
    if (!fresh) {
        changes_[it->second].reset();
        it->second = changes_.size();
    }
    changes_.push_back(Write{key, std::move(value)});
}

std::vector<Write> Draft::writes() const {
    std::vector<Write> out;
    for (const auto& write : changes_) {
        if (write) out.push_back(*write);
    }
    return out;
}

}  // namespace drover::store
