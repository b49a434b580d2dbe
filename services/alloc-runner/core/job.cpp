#include "alloc-runner/core/job.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace drover::alloc_runner {
namespace {

using wire::Desired;

// Scaling a group leaves the allocs that stay as they are.
bool same_group(const wire::GroupSpec& a, const wire::GroupSpec& b) {
    return a.name == b.name && a.restart == b.restart && a.tasks == b.tasks;
}

const wire::GroupSpec* wanted_group(const wire::JobDesired& job, const SlotKey& slot) {
    if (job.stopped) return nullptr;
    for (const wire::GroupSpec& group : job.spec.groups)
        if (group.name == slot.first && slot.second < group.count) return &group;
    return nullptr;
}

// Why the alloc has to go; empty when it may stay.
std::string reason_to_stop(const wire::JobDesired& job, const wire::AllocDesired& alloc) {
    if (job.stopped) return "job stopped";
    const wire::GroupSpec* group = wanted_group(job, {alloc.group.name, alloc.index});
    if (!group) return "no longer part of the job";
    if (!same_group(*group, alloc.group) || alloc.type != job.spec.type)
        return "replaced by version " + std::to_string(job.version) + " of the job";
    return {};
}

// One look at one job.
class Look {
   public:
    Look(Job& job, const JobRules& rules, Instant now, const wire::JobDesired& desired,
         const std::vector<AllocView>& allocs, Nodes& nodes)
        : job_(job), rules_(rules), now_(now), desired_(desired), allocs_(allocs), nodes_(nodes) {}

    JobDecision run() {
        std::map<SlotKey, std::vector<const AllocView*>> slots;
        for (const wire::GroupSpec& group : desired_.spec.groups)
            for (std::uint32_t i = 0; i < group.count; ++i) slots[{group.name, i}];
        for (const AllocView& alloc : allocs_)
            slots[{alloc.desired->group.name, alloc.desired->index}].push_back(&alloc);
        for (const auto& [key, there] : slots) enter(key, look_at(key, there));
        decision_.why_changed = why_ != job_.why;
        job_.why = std::move(why_);
        return std::move(decision_);
    }

   private:
    void enter(const SlotKey& key, Slot to) {
        Slot& slot = job_.slots[key];
        if (slot == to) return;
        check_edge(kSlotEdges, slot, to, rules_.edges);
        slot = to;
        decision_.moved.push_back(key);
    }

    // A proposal that was recorded late can put a second alloc into a place; the older one keeps it.
    Slot look_at(const SlotKey& key, const std::vector<const AllocView*>& there) {
        const AllocView* keeper = nullptr;
        for (const AllocView* alloc : there) {
            if (alloc->desired->desired != Desired::run || !reason_to_stop(desired_, *alloc->desired).empty()) continue;
            if (!keeper || age(*alloc) < age(*keeper)) keeper = alloc;
        }
        bool stopping = false;
        for (const AllocView* alloc : there) {
            if (alloc == keeper) continue;
            if (alloc->desired->desired == Desired::run) {
                std::string reason = reason_to_stop(desired_, *alloc->desired);
                stop(*alloc->desired, reason.empty() ? "its place is taken" : std::move(reason));
            }
            stopping |= !has_ended(*alloc);
        }
        if (stopping) return Slot::stopping;
        if (keeper) return Slot::taken;
        const wire::GroupSpec* group = wanted_group(desired_, key);
        if (!group) return Slot::empty;
        return propose(*group, key.second, there) ? Slot::taken : Slot::waiting;
    }

    static std::pair<std::uint64_t, std::string> age(const AllocView& alloc) {
        return {alloc.desired->job_version, alloc.desired->id};
    }

    void stop(wire::AllocDesired alloc, std::string reason) {
        alloc.desired = Desired::stop;
        alloc.reason = std::move(reason);
        alloc.term = rules_.term;
        decision_.proposals.push_back(std::move(alloc));
    }

    bool propose(const wire::GroupSpec& group, std::uint32_t index, const std::vector<const AllocView*>& there) {
        const auto used = [&there](const std::string& id) {
            return std::any_of(there.begin(), there.end(), [&id](const AllocView* a) { return a->desired->id == id; });
        };
        std::uint64_t attempt = 0;
        while (used(alloc_id(desired_, group.name, index, attempt))) ++attempt;
        wire::AllocDesired alloc;
        alloc.id = alloc_id(desired_, group.name, index, attempt);
        Result<std::string> node = place(alloc.id, group, nodes_);
        if (!node) {
            why_[group.name] = node.error().message;
            return false;
        }
        alloc.job = desired_.spec.name;
        alloc.type = desired_.spec.type;
        alloc.job_version = desired_.version;
        alloc.index = index;
        alloc.node = *node;
        alloc.group = group;
        alloc.created_at = now_;
        alloc.term = rules_.term;
        ++nodes_[*node].allocs;
        decision_.proposals.push_back(std::move(alloc));
        return true;
    }

    Job& job_;
    const JobRules& rules_;
    Instant now_;
    const wire::JobDesired& desired_;
    const std::vector<AllocView>& allocs_;
    Nodes& nodes_;
    std::map<std::string, std::string> why_;
    JobDecision decision_;
};

}  // namespace

JobDecision step(Job& job, const JobRules& rules, Instant now, const wire::JobDesired& desired,
                 const std::vector<AllocView>& allocs, Nodes& nodes) {
    return Look(job, rules, now, desired, allocs, nodes).run();
}

std::string alloc_id(const wire::JobDesired& job, const std::string& group, std::uint32_t index,
                     std::uint64_t attempt) {
    return to_hex(stable_hash(job.uid + "/" + group + "/" + std::to_string(index) + "/" + std::to_string(job.version) +
                              "/" + std::to_string(attempt)));
}

bool has_ended(const AllocView& alloc) {
    if (!alloc.status) return false;
    const auto& tasks = alloc.status->tasks;
    return std::all_of(tasks.begin(), tasks.end(),
                       [](const wire::TaskStatus& task) { return task.phase == wire::TaskPhase::dead; });
}

}  // namespace drover::alloc_runner
