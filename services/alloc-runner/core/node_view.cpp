#include "alloc-runner/core/node_view.hpp"

namespace drover::alloc_runner {

void NodeView::reset() {
    whole_ = false;
    for (const auto& [key, observed] : tasks_) unheard_.insert(key);
}

void NodeView::hear(const TaskKey& key, const wire::TaskObserved& observed) {
    tasks_[key] = observed;
    unheard_.erase(key);
}

void NodeView::erase(const TaskKey& key) {
    tasks_.erase(key);
    unheard_.erase(key);
}

std::set<TaskKey> NodeView::complete() {
    whole_ = true;
    for (const TaskKey& key : unheard_) tasks_.erase(key);
    return std::exchange(unheard_, {});
}

const wire::TaskObserved* NodeView::find(const TaskKey& key) const {
    const auto at = tasks_.find(key);
    return at == tasks_.end() ? nullptr : &at->second;
}

}  // namespace drover::alloc_runner
