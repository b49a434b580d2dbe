#include "store.hpp"

#include "base/check.hpp"
#include "state-store/core/keys.hpp"
#include "state-store/core/reports.hpp"
#include "state-store/core/requests.hpp"

namespace drover::model {
namespace {

constexpr Duration kTtl = seconds(3);

wire::JobSpec job() {
    wire::JobSpec job;
    job.name = "job";
    wire::GroupSpec group;
    group.name = "group";
    group.restart.attempts = 100;
    group.restart.delay = {};
    wire::TaskSpec task;
    task.name = "task";
    task.driver = "mock";
    group.tasks.push_back(task);
    job.groups.push_back(group);
    return job;
}

bool is_published(std::string_view key) {
    return key == store::kMembersKey || key.starts_with("job/") || key.starts_with("alloc/") ||
           key.starts_with("status/") || key.starts_with("node/");
}

}  // namespace

// It has never lost anything.
Store::Store() : leases_({.generation = 1, .alloc_runners = {}, .complete_since = {}}, false, kNow, kTtl) {
    store::Draft draft(*this);
    wire::NodeStatus node;
    node.node.id = kNode;
    node.node.drivers["mock"] = {true, true, ""};
    store::save(draft, store::node_key(kNode), node);
    commit(draft);
    save_members();
    wire::Request request;
    request.ask = wire::Ask::job_submit;
    request.spec = job();
    ask(request);
}

void Store::ask(wire::Request request) {
    request.id = std::string(to_string(request.ask));
    store::Draft draft(*this);
    const auto answer = answer_change(draft, request, "uid", kNow);
    CHECK(answer.has_value() && answer->ok);
    commit(draft);
}

void Store::stop_job() {
    wire::Request request;
    request.ask = wire::Ask::job_stop;
    request.job = "job";
    ask(request);
    stopped_ = true;
}

// Which of its leases still hold it does not know any more.
void Store::die() {
    up_ = false;
    replaced_.clear();
}

void Store::start() {
    up_ = true;
    ++epoch_;
    leases_ = store::Leases(leases_.members(), false, kNow, kTtl);
}

Result<std::optional<std::string>> Store::get(std::string_view key) const {
    const auto at = record_.find(key);
    if (at == record_.end()) return std::nullopt;
    return at->second;
}

void Store::commit(const store::Draft& draft) {
    for (const store::Write& one : draft.writes()) {
        CHECK(one.value.has_value());
        if (store::record_kind(one.key) == "TaskEvent") {
            record(*wire::decode<wire::TaskEvent>(*one.value));
            continue;
        }
        record_[one.key] = *one.value;
        if (one.key.starts_with("alloc/")) {
            auto alloc = *wire::decode<wire::AllocDesired>(*one.value);
            if (alloc_ && alloc_->id != alloc.id) broken_ = "a place of a job has one alloc";
            alloc_ = std::move(alloc);
        }
        if (one.key.starts_with("status/")) status_ = *wire::decode<wire::AllocStatus>(*one.value);
    }
}

void Store::record(const wire::TaskEvent& event) {
    if (event.type == "Started" && !begun_.insert(event.incarnation).second) broken_ = "every start is recorded once";
    if (event.type == "Terminated" && !ended_.insert(event.incarnation).second) broken_ = "every end is recorded once";
}

void Store::save_members() {
    members_.clear();
    for (const wire::Member& one : leases_.members().alloc_runners) members_[one.id] = one.boot;
    store::Draft draft(*this);
    store::save(draft, std::string(store::kMembersKey), leases_.members());
    commit(draft);
}

void Store::hear(const std::string& id, const std::string& boot) {
    if (!leases_.heard(id, boot, kNow)) return;
    replaced_.erase(boot);
    if (const std::string* before = member(id)) replaced_.insert(*before);
    save_members();
}

// The others are heard a little later than it, and then as if no time had passed.
void Store::lapse(const std::string& id) {
    const auto hear_others = [&](Instant now) {
        for (const wire::Member& one : leases_.members().alloc_runners)
            if (one.id != id) CHECK(!leases_.heard(one.id, one.boot, now));
    };
    hear_others(kNow + nanoseconds(1));
    CHECK(leases_.expire(kNow + kTtl));
    hear_others(kNow);
    save_members();
}

void Store::hear(const ReportNews& news) {
    for (const auto& [key, value] : news.said) {
        store::Draft draft(*this);
        // A refusal changes nothing.
        if (key.starts_with("alloc/"))
            (void)record_proposal(draft, *wire::decode<wire::AllocDesired>(value), leases_.generation(),
                                  leases_.complete_since());
        else
            (void)record_report(draft, *wire::decode<wire::AllocReport>(value), leases_.generation());
        commit(draft);
    }
}

const std::string* Store::member(const std::string& id) const {
    const auto known = members_.find(id);
    return known == members_.end() ? nullptr : &known->second;
}

StateNews Store::news() const {
    StateNews news;
    news.epoch = epoch_;
    for (const auto& [key, value] : record_)
        if (is_published(key)) news.objects.emplace(key, value);
    return news;
}

std::string Store::bytes() const {
    Bytes bytes;
    bytes.add(up_).add(epoch_).add(record_.size());
    for (const auto& [key, value] : record_) bytes.add(key).add(value);
    for (const auto* set : {&replaced_, &begun_, &ended_}) {
        bytes.add(set->size());
        for (const std::string& one : *set) bytes.add(one);
    }
    return bytes.add(broken_).take();
}

}  // namespace drover::model
