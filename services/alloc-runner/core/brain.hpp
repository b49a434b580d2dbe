// The brain of one alloc-runner: everything it has heard, and what follows from it. Pure: records of the store and of
// the nodes go in, statements for its own streams come out.
//
// It decides for the jobs it owns under the Members of the store, and only if Members names this very process. A new
// generation of Members is a new term: every alloc is then taken up again from what the store has recorded. That is all
// there will be, because the store refuses what is said under an older generation as soon as it grants a new one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "alloc-runner/core/alloc.hpp"
#include "alloc-runner/core/job.hpp"
#include "alloc-runner/core/node_view.hpp"
#include "wire/request.hpp"

namespace drover::alloc_runner {

struct BrainRules {
    std::string id;    // of this alloc-runner, stable over restarts
    std::string boot;  // of this process
    Duration max_kill_timeout = seconds(30);
    Duration orphan_grace = seconds(30);  // how long a task may be unknown to the store before it is destroyed
    Duration settling = seconds(10);      // since the store lost records, until places of jobs count as empty
    Duration lost_after = minutes(1);     // since its node is down, before an alloc is replaced on another
    Duration store_silence = seconds(5);  // after which the store may know what was not heard
    EdgeCounts* task_edges = nullptr;
    EdgeCounts* alloc_edges = nullptr;
    EdgeCounts* slot_edges = nullptr;
};

// What is to be said differently from now on; nothing: not any more.
struct Statements {
    std::map<std::pair<std::string, TaskKey>, std::optional<wire::TaskCommand>> commands;  // by node and task
    std::map<std::string, std::optional<wire::AllocReport>> reports;                       // by alloc
    std::map<std::string, std::optional<wire::AllocDesired>> proposals;                    // by alloc
    std::vector<wire::TaskEvent> events;    // as they happen, for the log
    std::vector<std::string> explanations;  // sentences for the log
};

class Brain {
   public:
    explicit Brain(BrainRules rules) : rules_(std::move(rules)) {}

    // The store's state stream.
    void state_reset();
    void state_complete();
    // The store has confirmed that what was heard is all there is.
    void state_current(Instant now);
    void hear(const wire::Members& members);
    void hear(const wire::JobDesired& job);
    void hear(const wire::AllocDesired& alloc);
    void hear(const wire::AllocOrder& order);
    void hear(const wire::AllocStatus& status);
    void hear(const wire::NodeStatus& node);
    void hear(const wire::NodeOrder& order);
    void hear(const wire::CollectedAlloc& removed);
    void forget_job(const std::string& name);
    void forget_alloc(const std::string& id);
    void forget_status(const std::string& id);
    void forget_order(const std::string& alloc);
    void forget_node(const std::string& id);
    void forget_node_order(const std::string& id);
    void forget_collected(const std::string& id);

    // A node's stream of observations.
    void inventory_reset(const std::string& node);
    void inventory_complete(const std::string& node);
    void hear(const std::string& node, const wire::TaskObserved& observed);
    void forget_task(const std::string& node, const TaskKey& key);

    // Draws the conclusions of everything heard and of the time.
    Statements settle(Instant now);
    // When settle() will have something to do though nothing new was heard.
    Instant wake_at() const;

    // 0 while Members does not name this process.
    std::uint64_t term() const { return term_; }
    const std::map<std::string, Job>& jobs() const { return jobs_; }
    const Alloc* alloc(const std::string& id) const;

   private:
    struct Known {
        std::optional<wire::AllocDesired> desired;  // as recorded by the store
        std::optional<wire::AllocStatus> status;    // likewise
        wire::AllocOrder order;
        std::optional<Alloc> life;  // while this process decides for it
        bool observing = false;     // life has had its node's whole inventory
        bool new_desired = false;   // news for life
        bool new_order = false;
        bool new_status = false;
        std::set<std::string> fresh;      // tasks
        std::set<std::string> commanded;  // tasks with a standing command
        bool reporting = false;           // a report stands
        Instant wake_at = kNever;
    };

    // A task on a node whose alloc the store does not know.
    struct Suspect {
        enum class Stage { watched, asked, claimed, spared, condemned };
        Instant since;  // that the store is heard, and silent about it
        Stage stage = Stage::watched;
        Instant wake_at = kNever;  // as in suspect_timers_
    };

    void forget_if_empty(const std::string& alloc);
    bool mine(const std::string& job) const;
    void touch(const std::string& alloc) { dirty_allocs_.insert(alloc); }
    void touch_everything();
    void touch_waiting_jobs();
    void suspect(const std::string& node, const TaskKey& key);
    void wake_suspect(const std::pair<std::string, TaskKey>& where, Suspect& suspect, Instant at);
    void touch_suspects(const std::string& node, const std::string& alloc);
    bool hears_store(Instant now) const { return current_at_.set() && now - current_at_ <= rules_.store_silence; }
    void settle_term();
    void settle_nodes(Instant now);
    void withdraw_proposals(const std::string& job);
    void settle_alloc(const std::string& id, Instant now);
    void begin_life(Known& known);
    void end_life(const std::string& id, Known& known);
    void observe(const std::string& id, Known& known, Instant now);
    void step(const std::string& id, Known& known, Instant now, const AllocInput& input);
    void sleep(const std::string& id, Known& known, Instant until);
    void settle_changes(Instant now);
    std::uint32_t max_parallel(const wire::AllocDesired& alloc) const;
    void settle_job(const std::string& name, Nodes& nodes, Instant now);
    std::vector<AllocView> views(const std::string& job);
    void settle_suspects(Instant now);
    void settle_suspect(const std::string& node, const TaskKey& key, const wire::TaskObserved& observed,
                        Suspect& suspect, Instant now);
    void condemn(const std::string& node, const TaskKey& key, const wire::TaskObserved& observed, Suspect& suspect);
    void claim(wire::AllocDesired alloc);
    void acquit(const std::string& node, const TaskKey& key, const Suspect& suspect);
    bool began_before_loss(const NodeView& view, const std::string& alloc) const;
    void settle_doubt(Instant now);
    Instant doubt_until(Instant now) const;
    Nodes count_nodes() const;

    BrainRules rules_;
    wire::Members members_;
    bool state_known_ = false;   // it has been complete once
    bool state_resets_ = false;  // and is being heard anew
    Instant current_at_;         // when it was last known to be all there is
    std::uint64_t term_ = 0;
    std::map<std::string, wire::JobDesired> wanted_;
    std::map<std::string, Job> jobs_;
    std::map<std::string, Known> allocs_;
    std::map<std::string, std::set<std::string>> allocs_of_;  // job -> allocs
    std::map<std::string, wire::AllocDesired> proposals_;     // standing, by alloc
    std::map<std::string, wire::NodeStatus> nodes_;
    std::map<std::string, wire::NodeOrder> node_orders_;
    // When something about a node comes due: the deadline of its drain, and when its allocs are lost.
    std::set<std::pair<Instant, std::string>> drain_deadlines_, losses_;
    std::set<std::string> collected_;  // allocs that the store has removed
    std::map<std::string, NodeView> inventories_;
    std::set<std::string> unheard_;  // keys of the state stream known from before its reset, not heard of since
    std::map<std::pair<std::string, TaskKey>, Suspect> suspects_;
    std::set<std::pair<std::string, TaskKey>> dirty_suspects_;
    std::set<std::pair<Instant, std::pair<std::string, TaskKey>>> suspect_timers_;  // of the others
    Instant loss_heard_at_;  // of members_.complete_since; unset: in the next round
    Instant doubt_until_;    // nodes may run what the store has lost: nothing is placed
    std::set<std::pair<Instant, std::string>> timers_;
    std::set<std::string> changing_;  // allocs with a task that its templates want restarted
    std::set<std::string> dirty_jobs_;
    std::set<std::string> dirty_allocs_;
    Statements out_;
};

}  // namespace drover::alloc_runner
