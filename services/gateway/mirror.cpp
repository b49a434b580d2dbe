#include "gateway/mirror.hpp"

#include <algorithm>
#include <tuple>

#include "wire/codec.hpp"

namespace drover::gateway {
namespace {

constexpr std::string_view kJob = "job/", kAlloc = "alloc/", kStatus = "status/", kOrder = "order/", kNode = "node/",
                           kNodeOrder = "nodeorder/", kCollected = "collected/", kVariable = "variable/";

bool under(const std::string& key, std::string_view prefix) { return key.compare(0, prefix.size(), prefix) == 0; }

template <class T>
void collect(const std::map<std::string, Shared<T>>& table, std::string_view prefix, std::set<std::string>& keys) {
    for (const auto& item : table) keys.insert(std::string(prefix) + item.first);
}

template <class T>
Shared<T> find(const std::map<std::string, Shared<T>>& table, const std::string& id) {
    const auto found = table.find(id);
    return found == table.end() ? nullptr : found->second;
}

}  // namespace

void Mirror::on_reset(const std::string&, const std::string&) {
    unconfirmed_.clear();
    collect(jobs_, kJob, unconfirmed_);
    collect(allocs_, kAlloc, unconfirmed_);
    collect(statuses_, kStatus, unconfirmed_);
    collect(orders_, kOrder, unconfirmed_);
    collect(nodes_, kNode, unconfirmed_);
    collect(node_orders_, kNodeOrder, unconfirmed_);
    collect(collected_, kCollected, unconfirmed_);
    collect(variables_, kVariable, unconfirmed_);
    if (members_) unconfirmed_.insert("members");
}

void Mirror::on_complete(const std::string&, const std::string&) {
    for (const std::string& key : unconfirmed_) erase(key);
    unconfirmed_.clear();
    ready_ = true;
}

template <class T>
void Mirror::apply(std::map<std::string, Shared<T>>& table, const std::string& id, const wire::Record& record) {
    auto object = wire::decode<T>(record.body);
    if (object) {
        table[id] = std::make_shared<const T>(std::move(*object));
    } else {
        ++refused_;
    }
}

void Mirror::on_record(const std::string&, const std::string&, const wire::Record& record) {
    const std::string& key = record.key;
    unconfirmed_.erase(key);
    if (record.erased) return erase(key);
    if (under(key, kJob)) return apply(jobs_, key.substr(kJob.size()), record);
    if (under(key, kAlloc)) return apply(allocs_, key.substr(kAlloc.size()), record);
    if (under(key, kStatus)) return apply(statuses_, key.substr(kStatus.size()), record);
    if (under(key, kOrder)) return apply(orders_, key.substr(kOrder.size()), record);
    if (under(key, kNode)) return apply(nodes_, key.substr(kNode.size()), record);
    if (under(key, kNodeOrder)) return apply(node_orders_, key.substr(kNodeOrder.size()), record);
    if (under(key, kCollected)) return apply(collected_, key.substr(kCollected.size()), record);
    if (under(key, kVariable)) return apply(variables_, key.substr(kVariable.size()), record);
    if (key == "members") {
        auto members = wire::decode<wire::Members>(record.body);
        if (members) {
            members_ = std::make_shared<const wire::Members>(std::move(*members));
        } else {
            ++refused_;
        }
    }
}

void Mirror::erase(const std::string& key) {
    if (under(key, kJob)) jobs_.erase(key.substr(kJob.size()));
    if (under(key, kAlloc)) allocs_.erase(key.substr(kAlloc.size()));
    if (under(key, kStatus)) statuses_.erase(key.substr(kStatus.size()));
    if (under(key, kOrder)) orders_.erase(key.substr(kOrder.size()));
    if (under(key, kNode)) nodes_.erase(key.substr(kNode.size()));
    if (under(key, kNodeOrder)) node_orders_.erase(key.substr(kNodeOrder.size()));
    if (under(key, kCollected)) collected_.erase(key.substr(kCollected.size()));
    if (under(key, kVariable)) variables_.erase(key.substr(kVariable.size()));
    if (key == "members") members_ = nullptr;
}

AllocEntry Mirror::entry(const std::string& id, const Shared<wire::AllocDesired>& desired) const {
    return {desired, find(statuses_, id), find(orders_, id)};
}

Shared<wire::JobDesired> Mirror::job(const std::string& name) const { return find(jobs_, name); }

std::vector<Shared<wire::JobDesired>> Mirror::jobs() const {
    std::vector<Shared<wire::JobDesired>> out;
    for (const auto& item : jobs_) out.push_back(item.second);
    return out;
}

std::vector<AllocEntry> Mirror::allocs(const std::string& job) const {
    std::vector<AllocEntry> out;
    for (const auto& [id, desired] : allocs_) {
        if (job.empty() || desired->job == job) out.push_back(entry(id, desired));
    }
    const auto place = [](const AllocEntry& e) {
        return std::tie(e.desired->job, e.desired->group.name, e.desired->index, e.desired->created_at);
    };
    std::sort(out.begin(), out.end(), [&](const AllocEntry& a, const AllocEntry& b) { return place(a) < place(b); });
    return out;
}

std::vector<AllocEntry> Mirror::find_allocs(const std::string& prefix, std::size_t limit) const {
    std::vector<AllocEntry> out;
    for (auto it = allocs_.lower_bound(prefix); it != allocs_.end() && under(it->first, prefix); ++it) {
        if (out.size() == limit) break;
        out.push_back(entry(it->first, it->second));
    }
    return out;
}

Shared<wire::NodeOrder> Mirror::node_order(const std::string& id) const { return find(node_orders_, id); }

std::vector<Shared<wire::CollectedAlloc>> Mirror::find_collected(const std::string& prefix, std::size_t limit) const {
    std::vector<Shared<wire::CollectedAlloc>> out;
    for (auto it = collected_.lower_bound(prefix); it != collected_.end() && under(it->first, prefix); ++it) {
        if (out.size() == limit) break;
        out.push_back(it->second);
    }
    return out;
}

Shared<wire::VariableDesired> Mirror::variable(const std::string& path) const { return find(variables_, path); }

std::vector<Shared<wire::VariableDesired>> Mirror::variables() const {
    std::vector<Shared<wire::VariableDesired>> out;
    for (const auto& item : variables_) out.push_back(item.second);
    return out;
}

std::vector<Shared<wire::NodeStatus>> Mirror::nodes() const {
    std::vector<Shared<wire::NodeStatus>> out;
    for (const auto& item : nodes_) out.push_back(item.second);
    return out;
}

}  // namespace drover::gateway
