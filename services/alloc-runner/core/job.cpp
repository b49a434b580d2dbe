#include "alloc-runner/core/job.hpp"

#include <algorithm>
#include <tuple>

#include "base/hash.hpp"
#include "wire/slots.hpp"

namespace drover::alloc_runner {
namespace {

using wire::Desired;

const wire::GroupSpec* wanted_group(const wire::JobDesired& job, const SlotKey& slot) {
    return job.stopped ? nullptr : wire::find_place(job.spec, slot.first, slot.second);
}

// Services leave a draining node at once, batch work has until the deadline. What has ended or ends anyway is not
// moved.
bool must_leave(const AllocView& alloc, const Nodes& nodes, Instant now) {
    if (alloc.user_stopped || has_ended(alloc)) return false;
    const auto node = nodes.find(alloc.desired->node);
    if (node == nodes.end() || !node->second.order || !node->second.order->drain) return false;
    return alloc.desired->type == wire::JobType::service || node->second.order->deadline <= now;
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
        const wire::GroupSpec* group = wanted_group(desired_, key);
        const bool finished = group && wire::is_finished(desired_, key.first, key.second);
        const AllocView* keeper = nullptr;
        for (const AllocView* alloc : there) {
            if (finished || !may_keep(*alloc)) continue;
            if (!keeper || age(*alloc) < age(*keeper)) keeper = alloc;
        }
        if (keeper && is_lost(*keeper) && !keeper->user_stopped && replace(*keeper, *group, there)) return Slot::taken;
        bool stopping = false;
        for (const AllocView* alloc : there) {
            if (alloc == keeper) continue;
            // One that has ended is about to be removed, which is why its place is known to be finished.
            if ((is_to_be_told(*alloc) || is_to_be_hurried(*alloc)) && !(finished && has_ended(*alloc))) {
                std::string reason = reason_to_stop(*alloc);
                stop(*alloc->desired, reason.empty() ? "its place is taken" : std::move(reason));
            }
            stopping |= !has_ended(*alloc) && !is_lost(*alloc);
        }
        if (stopping) return Slot::stopping;
        if (keeper || finished) return Slot::taken;
        if (!group) return Slot::empty;
        return propose(*group, key.second, there) ? Slot::taken : Slot::waiting;
    }

    // Why the alloc has to go; empty when it may stay.
    std::string reason_to_stop(const AllocView& alloc) const {
        if (desired_.stopped) return "job stopped";
        if (!wire::find_place(desired_.spec, alloc.desired->group.name, alloc.desired->index))
            return "no longer part of the job";
        if (!wire::fits(desired_.spec, *alloc.desired))
            return "replaced by version " + std::to_string(desired_.version) + " of the job";
        if (!must_leave(alloc, nodes_, now_)) return {};
        const std::string reason(wire::kNodeDrains);
        return alloc.desired->type == wire::JobType::service ? reason : reason + ", the time for batch jobs is over";
    }

    bool may_keep(const AllocView& alloc) const {
        if (alloc.desired->desired == Desired::run) return reason_to_stop(alloc).empty();
        return completed_in_drain(alloc) && !desired_.stopped && wire::fits(desired_.spec, *alloc.desired);
    }

    // Nobody knows what became of it, and perhaps nobody ever will.
    bool is_lost(const AllocView& alloc) const {
        const auto node = nodes_.find(alloc.desired->node);
        if (has_ended(alloc) || node == nodes_.end()) return false;
        const wire::NodeStatus& status = node->second.status;
        return status.state == wire::NodeState::down && status.since + rules_.lost_after <= now_;
    }

    bool replace(const AllocView& lost, const wire::GroupSpec& group, const std::vector<const AllocView*>& there) {
        if (!propose(group, lost.desired->index, there)) {
            why_[group.name] = "alloc " + lost.desired->id + " is lost with its node, and " + why_[group.name];
            return false;
        }
        stop(*lost.desired, "its node is lost");
        return true;
    }

    // Once its job is stopped, work that was completed in a drain does not count any more: revived, the job does it
    // anew.
    bool is_to_be_told(const AllocView& alloc) const {
        return alloc.desired->desired == Desired::run || (desired_.stopped && completed_in_drain(alloc));
    }

    // The user who stops the job again, now without the delay, means what is already on its way out, too.
    bool is_to_be_hurried(const AllocView& alloc) const {
        return hurries() && !alloc.desired->no_shutdown_delay && !has_ended(alloc);
    }

    bool hurries() const { return desired_.stopped && desired_.no_shutdown_delay; }

    static bool completed_in_drain(const AllocView& alloc) {
        return alloc.status && wire::completed_in_drain(*alloc.desired, *alloc.status);
    }

    static bool has_done_its_work(const AllocView& alloc) {
        return alloc.status && wire::has_completed(*alloc.desired, *alloc.status);
    }

    std::tuple<bool, bool, std::uint64_t, Instant, std::string> age(const AllocView& alloc) const {
        const wire::AllocDesired& desired = *alloc.desired;
        return {!has_done_its_work(alloc), is_lost(alloc), desired.job_version, desired.created_at, desired.id};
    }

    void stop(wire::AllocDesired alloc, std::string reason) {
        alloc.desired = Desired::stop;
        alloc.reason = std::move(reason);
        alloc.no_shutdown_delay |= hurries();
        alloc.term = rules_.term;
        decision_.proposals.push_back(std::move(alloc));
    }

    bool propose(const wire::GroupSpec& group, std::uint32_t index, const std::vector<const AllocView*>& there) {
        if (!rules_.hold.empty()) {
            why_[group.name] = rules_.hold;
            return false;
        }
        std::string behind;
        Instant behind_at;
        for (const AllocView* one : there) {
            if (one->desired->created_at < behind_at) continue;
            behind = one->desired->id;
            behind_at = one->desired->created_at;
        }
        wire::AllocDesired alloc;
        alloc.id = alloc_id(desired_, group.name, index, behind, rules_.complete_since);
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
        alloc.meta = desired_.spec.meta;
        alloc.payload = wire::payload_for(desired_.spec, group);
        // Clocks of machines differ; the newest of a place is the newest all the same.
        alloc.created_at = std::max(now_, behind_at + nanoseconds(1));
        alloc.term = rules_.term;
        nodes_[*node].use.add(group, nullptr);
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
                     const std::string& behind, Instant complete_since) {
    const std::string loss = job.submitted_at < complete_since ? "/" + std::to_string(complete_since.ns) : "";
    return to_hex(stable_hash(job.uid + "/" + group + "/" + std::to_string(index) + "/" + std::to_string(job.version) +
                              "/" + behind + loss));
}

bool has_ended(const AllocView& alloc) { return alloc.status && wire::has_ended(*alloc.status); }

}  // namespace drover::alloc_runner
