#include "jobspec/order.hpp"

#include <algorithm>
#include <vector>

#include "base/nearest.hpp"

namespace drover::jobspec {
namespace {

using wire::Condition;
using wire::Hook;
using wire::TaskSpec;

bool waits_by_hook(const TaskSpec& one, const TaskSpec& other) {
    const Hook hook = other.lifecycle.hook;
    switch (one.lifecycle.hook) {
        case Hook::prestart: return false;
        case Hook::main: return hook == Hook::prestart;
        case Hook::poststart: return hook == Hook::main;
        case Hook::poststop: return hook != Hook::poststop;
    }
    return false;
}

// A depth-first walk along "waits for".
class Walk {
   public:
    explicit Walk(const std::vector<TaskSpec>& tasks) : tasks_(tasks), done_(tasks.size()) {}

    // The first circle met, "a -> b -> a"; empty when there is none.
    std::string circle() {
        for (std::size_t i = 0; i < tasks_.size(); ++i)
            if (std::string found = visit(i); !found.empty()) return found;
        return "";
    }

   private:
    std::string visit(std::size_t i) {
        if (done_[i]) return "";
        const auto met = std::find(way_.begin(), way_.end(), i);
        if (met != way_.end()) {
            std::string text;
            for (auto at = met; at != way_.end(); ++at) text += tasks_[*at].name + " -> ";
            return text + tasks_[i].name;
        }
        way_.push_back(i);
        for (std::size_t k = 0; k < tasks_.size(); ++k) {
            const bool waits = waits_by_hook(tasks_[i], tasks_[k]) || tasks_[i].depends_on.contains(tasks_[k].name);
            if (!waits || (k == i && !tasks_[i].depends_on.contains(tasks_[i].name))) continue;
            if (std::string found = visit(k); !found.empty()) return found;
        }
        way_.pop_back();
        done_[i] = true;
        return "";
    }

    const std::vector<TaskSpec>& tasks_;
    std::vector<bool> done_;
    std::vector<std::size_t> way_;
};

bool ends_by_itself(const TaskSpec& task, wire::JobType type) {
    if (task.lifecycle.hook == Hook::main) return type == wire::JobType::batch;
    return !task.lifecycle.sidecar;
}

void check_lifecycle(Context& context, const std::string& path, const TaskSpec& task) {
    const wire::Lifecycle& lifecycle = task.lifecycle;
    const bool may_have_sidecar = lifecycle.hook == Hook::prestart || lifecycle.hook == Hook::poststart;
    if (lifecycle.sidecar && !may_have_sidecar)
        context.complain(below(path, "lifecycle.sidecar"), "only prestart and poststart tasks can be sidecars");
    if (task.leader && lifecycle.hook != Hook::main)
        context.complain(below(path, "leader"), "a leader is a main task; remove its lifecycle or its leadership");
}

void check_dependencies(Context& context, const std::string& path, const wire::GroupSpec& group, const TaskSpec& task,
                        wire::JobType type) {
    std::vector<std::string_view> names;
    for (const TaskSpec& other : group.tasks) names.push_back(other.name);
    for (const auto& [name, condition] : task.depends_on) {
        const std::string at = below(below(path, "depends_on"), name);
        const auto other = std::find_if(group.tasks.begin(), group.tasks.end(),
                                        [&wanted = name](const TaskSpec& one) { return one.name == wanted; });
        if (other == group.tasks.end()) {
            context.complain(at, "there is no task \"" + name + "\" in the group", nearest(name, names));
        } else if (condition >= Condition::completed && !ends_by_itself(*other, type)) {
            context.complain(at, "task " + name +
                                     " never completes: it runs until it is stopped; wait for it to be "
                                     "started or ready");
        }
    }
}

}  // namespace

void check_order(Context& context, const std::string& path, const wire::GroupSpec& group, wire::JobType type) {
    const std::string tasks = below(path, "tasks");
    for (std::size_t i = 0; i < group.tasks.size(); ++i) {
        check_lifecycle(context, below(tasks, i), group.tasks[i]);
        check_dependencies(context, below(tasks, i), group, group.tasks[i], type);
    }
    const bool has_main = std::any_of(group.tasks.begin(), group.tasks.end(),
                                      [](const TaskSpec& task) { return task.lifecycle.hook == Hook::main; });
    if (!has_main && !group.tasks.empty())
        context.complain(tasks, "a group needs at least one main task, which is one without a lifecycle");
    const std::string circle = Walk(group.tasks).circle();
    if (!circle.empty()) context.complain(tasks, "tasks wait for each other in a circle: " + circle);
}

}  // namespace drover::jobspec
