#include "store.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "state-store/core/keys.hpp"
#include "state-store/core/reports.hpp"
#include "state-store/core/requests.hpp"
#include "wire/messages.hpp"

namespace drover::sim {
namespace {

constexpr Duration kLease = milliseconds(1200);
constexpr std::size_t kAtOnce = 50;

template <class T>
Body decode(const std::string& value) {
    auto message = wire::decode<T>(value);
    CHECK(message.has_value());
    return std::move(*message);
}

Body decode(std::string_view kind, const std::string& value) {
    if (kind == "JobDesired") return decode<wire::JobDesired>(value);
    if (kind == "AllocDesired") return decode<wire::AllocDesired>(value);
    if (kind == "AllocOrder") return decode<wire::AllocOrder>(value);
    if (kind == "AllocStatus") return decode<wire::AllocStatus>(value);
    if (kind == "NodeStatus") return decode<wire::NodeStatus>(value);
    if (kind == "NodeOrder") return decode<wire::NodeOrder>(value);
    if (kind == "CollectedAlloc") return decode<wire::CollectedAlloc>(value);
    if (kind == "Members") return decode<wire::Members>(value);
    return std::monostate{};  // nobody here listens to it
}

}  // namespace

void Store::start() {
    ++epoch_;
    up_ = true;
    publishing_ = false;
    positions_.clear();
    published_.drop_erased();
    world_.trace("store    starts, epoch " + std::to_string(epoch_));
    const wire::Members* known = members();
    leases_.emplace(known ? *known : wire::Members{}, !known || has_lost_, world_.now(), kLease);
    if (std::exchange(has_lost_, false)) save_members();
    go_round(epoch_);
    repeat();
}

void Store::crash() {
    up_ = false;
    world_.trace("store    dies");
}

void Store::lose(const std::string& alloc) {
    CHECK(!up_);
    has_lost_ = true;
    record_.erase("alloc/" + alloc);
    published_.erase("alloc/" + alloc);
    std::erase(allocs_, alloc);
    world_.trace("store    loses alloc " + alloc.substr(0, 4));
}

void Store::repeat() {
    if (!up_) return;
    publish(published_.mail("store", epoch_));
}

Result<std::optional<std::string>> Store::get(std::string_view key) const {
    const auto at = record_.find(key);
    if (at == record_.end()) return std::nullopt;
    return at->second;
}

void Store::commit(const store::Draft& draft) {
    for (const store::Write& one : draft.writes()) write(one);
}

void Store::write(const store::Write& one) {
    const std::string_view kind = store::record_kind(one.key);
    if (kind == "TaskEvent") {
        const auto event = wire::decode<wire::TaskEvent>(*one.value);
        CHECK(event.has_value());
        return history_.record(*alloc(event->alloc), *event);
    }
    publish_later();
    const bool fresh = !record_.contains(one.key);
    if (!one.value) {
        record_.erase(one.key);
        published_.erase(one.key);
        if (kind != "AllocDesired") return;
        const std::string id = one.key.substr(one.key.find('/') + 1);
        std::erase(allocs_, id);
        return on_removed(id);
    }
    record_[one.key] = *one.value;
    Body body = decode(kind, *one.value);
    if (std::holds_alternative<std::monostate>(body)) return;
    published_.put(one.key, std::move(body));
    if (kind == "AllocStatus") on_status(*find<wire::AllocStatus>(one.key));
    if (kind != "AllocDesired") return;
    const auto* alloc = find<wire::AllocDesired>(one.key);
    world_.trace("store    records alloc " + alloc->id.substr(0, 4) + " on " + alloc->node + " " +
                 std::string(to_string(alloc->desired)) + " " + alloc->reason);
    if (!fresh) return;
    allocs_.push_back(alloc->id);
    on_alloc(*alloc);
}

// Committed at once, published a little later: a crash in between is the interesting case.
void Store::publish_later() {
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
    renew_lease(message);
    if (message.goodbye) return;
    positions_[message.from].take(
        message, message.entries.size(), [] {}, [this](const Entry& entry) { hear(entry); });
}

void Store::hear(const Entry& entry) {
    if (const auto* report = std::get_if<wire::AllocReport>(entry.body.get())) return hear(*report);
    const auto* proposal = std::get_if<wire::AllocDesired>(entry.body.get());
    if (!proposal) return;
    store::Draft draft(*this);
    if (auto ok = record_proposal(draft, *proposal, leases_->generation(), leases_->complete_since()); !ok)
        return world_.trace("store    " + ok.error().message);
    commit(draft);
}

void Store::hear(const wire::AllocReport& report) {
    const wire::AllocStatus* known = status(report.alloc);
    for (const wire::TaskEvent& event : report.events)
        if (known && known->term == report.term && event.n <= history_.recorded({event.alloc, event.task}))
            history_.recheck(event);
    store::Draft draft(*this);
    if (auto ok = record_report(draft, report, leases_->generation()); !ok)
        return world_.trace("store    " + ok.error().message);
    commit(draft);
    const wire::AllocStatus* now = status(report.alloc);
    if (!now) return;
    for (const wire::TaskStatus& task : now->tasks)
        if (task.events != history_.recorded({report.alloc, task.name}))
            world_.violate("a status fits the recorded events", task.name);
}

void Store::set_node(const std::string& id, bool ready) {
    wire::NodeStatus node;
    node.node.id = id;
    node.node.drivers["mock"] = {true, true, ""};
    node.state = ready ? wire::NodeState::ready : wire::NodeState::down;
    node.since = world_.now();
    store::Draft draft(*this);
    store::save(draft, store::node_key(id), node);
    commit(draft);
}

bool Store::ask(wire::Request request) {
    if (!up_) return false;
    request.id = "request-" + std::to_string(++asked_);
    store::Draft draft(*this);
    const auto answer = answer_change(draft, request, "uid-" + request.id, world_.now());
    CHECK(answer.has_value());
    if (!answer->ok) world_.trace("store    refuses: " + answer->message);
    commit(draft);
    purging_ = purging_ || request.purge;
    return true;
}

store::Census Store::census() const {
    store::Census census;
    for (const auto& [key, value] : record_) census.hear(key, value);
    return census;
}

bool Store::collect(const store::CollectRules& due_by) {
    if (!up_) return false;
    store::Draft draft(*this);
    const auto gone = store::collect(draft, due(census(), due_by, world_.now()), due_by.at_once, world_.now());
    for (const wire::CollectedAlloc& one : gone) world_.trace("store    removes alloc " + one.id.substr(0, 4));
    commit(draft);
    return true;
}

void Store::renew_lease(const Message& message) {
    const std::string boot = message.from + "-" + std::to_string(message.epoch);
    const bool changed =
        message.goodbye ? leases_->left(message.from, boot) : leases_->heard(message.from, boot, world_.now());
    if (changed) save_members();
}

void Store::save_members() {
    store::Draft draft(*this);
    store::save(draft, std::string(store::kMembersKey), leases_->members());
    commit(draft);
    on_members();
    std::string all;
    for (const wire::Member& member : leases_->members().alloc_runners) all += " " + member.boot;
    world_.trace("store    members " + std::to_string(leases_->generation()) + ":" + all);
}

void Store::purge() {
    store::Draft draft(*this);
    for (const std::string& name : store::purge(draft, census(), kAtOnce, world_.now()))
        world_.trace("store    has purged job " + name);
    commit(draft);
}

void Store::go_round(std::uint64_t epoch) {
    if (!up_ || epoch != epoch_) return;
    if (leases_->expire(world_.now())) save_members();
    if (purging_) purge();
    if (rules) collect(*rules);
    world_.after(kLease / 3, [this, epoch] { go_round(epoch); });
}

}  // namespace drover::sim
