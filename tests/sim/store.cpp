#include "store.hpp"

#include <algorithm>

namespace drover::sim {
namespace {
constexpr Duration kLease = milliseconds(1200);
}

void Store::start() {
    ++epoch_;
    up_ = true;
    publishing_ = false;
    positions_.clear();
    heard_at_.clear();
    world_.trace("store    starts, epoch " + std::to_string(epoch_));
    if (!durable_.find("node/node")) set_node(true);
    if (const auto* current = members())
        for (const wire::Member& member : current->alloc_runners) heard_at_[member.id] = world_.now();
    look_at_leases(epoch_);
    repeat();
}

void Store::crash() {
    up_ = false;
    world_.trace("store    dies");
}

void Store::repeat() {
    if (!up_) return;
    publish(durable_.mail("store", epoch_));
}

// Committed at once, published a little later: a crash in between is the interesting case.
void Store::put(const std::string& key, Body body) {
    durable_.put(key, std::move(body));
    if (publishing_) return;
    publishing_ = true;
    world_.after(world_.random.between(microseconds(10), milliseconds(4)), [this, epoch = epoch_] {
        if (!up_ || epoch != epoch_) return;
        publishing_ = false;
        repeat();
    });
}

void Store::hear(const Message& message) {
    if (!up_) return;
    heard_of(message);
    if (message.goodbye) return;
    positions_[message.from].take(
        message, message.entries.size(), [] {},
        [this](const Entry& entry) {
            if (const auto* report = std::get_if<wire::AllocReport>(entry.body.get())) commit(*report);
            if (const auto* proposal = std::get_if<wire::AllocDesired>(entry.body.get())) propose(*proposal);
        });
}

void Store::commit(const wire::AllocReport& report) {
    const wire::AllocDesired* desired = alloc(report.alloc);
    if (!desired) return;
    const wire::AllocStatus* known = status(report.alloc);
    // Once an owner of a new term may have begun from what is recorded, nothing older may change it.
    if (!members() || report.term != members()->generation) {
        world_.trace("store    refuses a report of term " + std::to_string(report.term));
        return;
    }
    for (const wire::TaskEvent& event : report.events) {
        if (event.n > history_.recorded({event.alloc, event.task}))
            history_.record(*desired, event);
        else if (known && known->term == report.term)
            history_.recheck(event);
    }
    if (!report.status) return;
    if (known && std::pair(report.status->term, report.status->version) <= std::pair(known->term, known->version))
        return;
    for (const wire::TaskStatus& task : report.status->tasks)
        if (task.events != history_.recorded({report.alloc, task.name}))
            world_.violate("a status that does not fit the recorded events of " + task.name);
    put("status/" + report.alloc, *report.status);
}

void Store::propose(const wire::AllocDesired& proposal) {
    if (!job()) return;
    const wire::AllocDesired* known = alloc(proposal.id);
    if (!known && (job()->stopped || proposal.desired == wire::Desired::stop)) return;
    const bool hurries = known && proposal.no_shutdown_delay && !known->no_shutdown_delay;
    if (known && (known->desired == wire::Desired::stop || proposal.desired == wire::Desired::run) && !hurries) return;
    world_.trace("store    records alloc " + proposal.id.substr(0, 4) + " " + std::string(to_string(proposal.desired)) +
                 " " + proposal.reason);
    if (!known) allocs_.push_back(proposal.id);
    put("alloc/" + proposal.id, proposal);
}

bool Store::submit(const wire::JobSpec& spec) {
    if (!up_) return false;
    wire::JobDesired next;
    if (const wire::JobDesired* current = job()) next = *current;
    if (next.version > 0 && next.spec == spec && !next.stopped) return true;
    next.spec = spec;
    ++next.version;
    next.uid = "uid" + std::to_string(next.version);
    next.stopped = false;
    next.no_shutdown_delay = false;
    job_ = "job/" + spec.name;
    put(job_, next);
    return true;
}

bool Store::stop_job(bool no_shutdown_delay) {
    if (!up_ || !job()) return false;
    wire::JobDesired next = *job();
    next.stopped = true;
    next.no_shutdown_delay |= no_shutdown_delay;
    put(job_, next);
    return true;
}

void Store::set_node(bool ready) {
    wire::NodeStatus node;
    node.node.id = "node";
    node.node.drivers["mock"] = {true, true, ""};
    node.state = ready ? wire::NodeState::ready : wire::NodeState::down;
    put("node/node", node);
}

bool Store::order(const std::string& id, const std::function<void(wire::AllocOrder&)>& change) {
    if (!up_ || !alloc(id)) return false;
    wire::AllocOrder next;
    if (const wire::AllocOrder* current = order_of(id)) next = *current;
    next.alloc = id;
    change(next);
    put("order/" + id, next);
    return true;
}

const wire::JobDesired* Store::job() const { return get<wire::JobDesired>(job_); }

void Store::heard_of(const Message& message) {
    const std::string boot = "b" + std::to_string(message.epoch);
    if (message.goodbye) {
        if (const auto* current = members())
            for (const wire::Member& member : current->alloc_runners)
                if (member.id == message.from && member.boot == boot) return change_members(message.from, "");
        return;
    }
    heard_at_[message.from] = world_.now();
    wire::Members current = members() ? *members() : wire::Members{};
    for (const wire::Member& member : current.alloc_runners)
        if (member.id == message.from && member.boot.size() >= boot.size() && member.boot >= boot) return;
    change_members(message.from, boot);
}

// An empty boot removes the member.
void Store::change_members(const std::string& id, const std::string& boot) {
    wire::Members next = members() ? *members() : wire::Members{};
    std::erase_if(next.alloc_runners, [&id](const wire::Member& member) { return member.id == id; });
    if (!boot.empty()) next.alloc_runners.push_back({id, boot});
    ++next.generation;
    world_.trace("store    members " + std::to_string(next.generation) + ": " + id + " " +
                 (boot.empty() ? "left" : boot));
    put("members", next);
}

void Store::look_at_leases(std::uint64_t epoch) {
    if (!up_ || epoch != epoch_) return;
    if (const auto* current = members()) {
        const std::vector<wire::Member> all = current->alloc_runners;
        for (const wire::Member& member : all)
            if (heard_at_[member.id] + kLease < world_.now()) change_members(member.id, "");
    }
    world_.after(kLease / 3, [this, epoch] { look_at_leases(epoch); });
}

}  // namespace drover::sim
