#include "state-store/core/census.hpp"

#include <algorithm>
#include <charconv>

#include "state-store/core/keys.hpp"
#include "wire/codec.hpp"
#include "wire/slots.hpp"

namespace drover::store {

namespace {

// "87.5": how a node reports a share. 0 when it does not.
double percent(const wire::NodeObserved& node, const std::string& attribute) {
    const auto at = node.attributes.find(attribute);
    double value = 0;
    if (at != node.attributes.end()) std::from_chars(at->second.data(), at->second.data() + at->second.size(), value);
    return value;
}

}  // namespace

const std::vector<std::string>& Census::prefixes() {
    static const std::vector<std::string> all = {job_key(""), alloc_key(""), status_key(""), node_key(""),
                                                 collected_key("")};
    return all;
}

void Census::hear(const std::string& key, const std::optional<std::string>& value) {
    const std::size_t slash = key.find('/');
    if (slash == std::string::npos) return;
    const std::string kind = key.substr(0, slash + 1);
    const std::string name = key.substr(slash + 1);
    const auto take = [&](auto& table, void (Census::*hear_one)(const std::string&, const std::string&)) {
        table.erase(name);
        if (value) (this->*hear_one)(name, *value);
    };
    if (kind == job_key("")) {
        purges_.erase(name);
        take(jobs_, &Census::hear_job);
    }
    if (kind == alloc_key("")) take(allocs_, &Census::hear_alloc);
    if (kind == status_key("")) take(ends_, &Census::hear_status);
    if (kind == node_key("")) take(nodes_, &Census::hear_node);
    if (kind == collected_key("")) take(records_, &Census::hear_record);
}

void Census::hear_alloc(const std::string& id, const std::string& value) {
    const auto alloc = wire::decode<wire::AllocDesired>(value);
    if (!alloc) return;
    allocs_[id] = {
        alloc->job,       alloc->group.name, alloc->node, alloc->index, alloc->desired == wire::Desired::stop,
        alloc->created_at};
}

void Census::hear_status(const std::string& id, const std::string& value) {
    const auto status = wire::decode<wire::AllocStatus>(value);
    if (!status || !wire::has_ended(*status)) return;
    End end;
    end.failed = status->status == wire::ClientStatus::failed || status->status == wire::ClientStatus::lost;
    for (const wire::TaskStatus& task : status->tasks) end.at = std::max(end.at, task.finished_at);
    if (!end.at.set()) end.at = status->updated_at;
    ends_[id] = end;
}

void Census::hear_job(const std::string& name, const std::string& value) {
    const auto job = wire::decode<wire::JobDesired>(value);
    if (!job) return;
    Job& known = jobs_[name];
    known.stopped = job->stopped;
    known.purge = job->purge;
    for (const wire::GroupSpec& group : job->spec.groups) known.counts[group.name] = group.count;
    if (known.stopped && known.purge) purges_.insert(name);
}

void Census::hear_node(const std::string& id, const std::string& value) {
    const auto status = wire::decode<wire::NodeStatus>(value);
    if (!status) return;
    nodes_[id] = {status->node.name, percent(status->node, "storage.used_percent"),
                  percent(status->node, "storage.inodes_used_percent")};
}

void Census::hear_record(const std::string& id, const std::string& value) {
    const auto record = wire::decode<wire::CollectedAlloc>(value);
    if (record) records_[id] = record->collected_at;
}

std::map<std::string, std::vector<std::string>> Census::purgeable() const {
    std::map<std::string, std::vector<std::string>> jobs;
    for (const std::string& name : purges_) jobs[name];
    if (jobs.empty()) return jobs;
    for (const auto& [id, alloc] : allocs_) {
        const auto job = jobs.find(alloc.job);
        if (job == jobs.end()) continue;
        if (ends_.contains(id)) {
            job->second.push_back(id);
        } else {
            jobs.erase(job);
        }
    }
    return jobs;
}

}  // namespace drover::store
