// What an inventory lets others look at.
#include "driver-manager/core/inventory.hpp"

namespace drover::driver_manager {

void Inventory::each_running(
    const std::function<void(const TaskKey&, const wire::TaskCommand&, const wire::IncarnationObserved&)>& call) const {
    for (const auto& [key, task] : tasks_) {
        if (task.destroyed || !task.standing) continue;
        for (const auto& [seq, incarnation] : task.incarnations)
            if (incarnation.seen.phase == wire::RunPhase::running) call(key, *task.standing, incarnation.seen);
    }
}

const wire::TaskCommand* Inventory::standing(const TaskKey& key) const {
    const auto task = tasks_.find(key);
    return task == tasks_.end() || !task->second.standing ? nullptr : &*task->second.standing;
}

void Inventory::each_standing(const std::function<void(const TaskKey&, const wire::TaskCommand&)>& call) const {
    for (const auto& [key, task] : tasks_)
        if (!task.destroyed && task.standing) call(key, *task.standing);
}

bool Inventory::shows(const TaskKey& key) const {
    const auto task = tasks_.find(key);
    return task != tasks_.end() && !task->second.destroyed;
}

std::vector<TaskKey> Inventory::tasks() const {
    std::vector<TaskKey> keys;
    for (const auto& [key, task] : tasks_)
        if (!task.destroyed) keys.push_back(key);
    return keys;
}

}  // namespace drover::driver_manager
