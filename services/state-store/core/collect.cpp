#include "state-store/core/collect.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/hash.hpp"
#include "state-store/core/keys.hpp"
#include "wire/slots.hpp"

namespace drover::store {

namespace {

using Place = std::tuple<std::string, std::string, std::uint32_t>;  // job, group, index

struct Candidate {
    std::string id;
    const Census::Alloc* alloc;
    Census::End end;
    std::string why;  // empty: not due
};

Place place_of(const Census::Alloc& alloc) { return {alloc.job, alloc.group, alloc.index}; }

bool is_wanted(const Census& census, const Census::Alloc& alloc) {
    const auto job = census.jobs().find(alloc.job);
    if (job == census.jobs().end() || job->second.stopped) return false;
    const auto count = job->second.counts.find(alloc.group);
    return count != job->second.counts.end() && alloc.index < count->second;
}

// The ids of allocs follow from the newest one of their place: without it an id might be given twice.
std::map<Place, std::string> newest_of_places(const Census& census) {
    std::map<Place, std::string> newest;
    for (const auto& [id, alloc] : census.allocs()) {
        std::string& known = newest[place_of(alloc)];
        if (known.empty() || census.allocs().at(known).created_at <= alloc.created_at) known = id;
    }
    return newest;
}

std::vector<Candidate> candidates(const Census& census) {
    const auto newest = newest_of_places(census);
    std::vector<Candidate> out;
    for (const auto& [id, end] : census.ends()) {
        const auto alloc = census.allocs().find(id);
        if (alloc == census.allocs().end()) continue;
        const bool replaced_next =
            alloc->second.stop && is_wanted(census, alloc->second) && newest.at(place_of(alloc->second)) == id;
        if (!replaced_next) out.push_back({id, &alloc->second, end, ""});
    }
    std::sort(out.begin(), out.end(), [](const Candidate& a, const Candidate& b) {
        return std::tie(a.end.failed, a.end.at, a.id) < std::tie(b.end.failed, b.end.at, b.id);
    });
    return out;
}

void mark_old(std::vector<Candidate>& all, const CollectRules& rules, Instant now) {
    for (Candidate& one : all) {
        const Duration limit = one.end.failed ? rules.failed_max_age : rules.max_age;
        if (now - one.end.at <= limit) continue;
        one.why = "it ended " + to_string(seconds((now - one.end.at).ns / seconds(1).ns)) + " ago; " +
                  (one.end.failed ? "failed allocs are" : "an ended alloc is") + " kept for " + to_string(limit);
    }
}

std::string node_name(const Census& census, const std::string& id) {
    const auto node = census.nodes().find(id);
    return node == census.nodes().end() || node->second.name.empty() ? id : node->second.name;
}

// Of those that `counts`, the first that are too many.
template <class Counts>
void mark_surplus(std::vector<Candidate>& all, std::uint64_t limit, const std::string& where, const Counts& counts) {
    std::uint64_t left = 0;
    for (const Candidate& one : all) left += one.why.empty() && counts(one) ? 1 : 0;
    const std::string why =
        where + std::to_string(left) + " ended allocs are more than the " + std::to_string(limit) + " that are kept";
    for (Candidate& one : all) {
        if (left <= limit) return;
        if (!one.why.empty() || !counts(one)) continue;
        one.why = why;
        --left;
    }
}

void mark_pressed(std::vector<Candidate>& all, const std::string& node, std::size_t limit, const std::string& why) {
    for (Candidate& one : all) {
        if (limit == 0) return;
        if (!one.why.empty() || one.alloc->node != node) continue;
        one.why = why;
        --limit;
    }
}

std::string percent(double share) { return std::to_string(std::lround(share)) + "%"; }

void remember(std::map<std::string, std::vector<std::uint32_t>>& places, const wire::AllocDesired& alloc) {
    std::vector<std::uint32_t>& indexes = places[alloc.group.name];
    const auto at = std::lower_bound(indexes.begin(), indexes.end(), alloc.index);
    if (at == indexes.end() || *at != alloc.index) indexes.insert(at, alloc.index);
}

wire::CollectedAlloc keepsake(const wire::AllocDesired& alloc, const wire::AllocStatus& status, const std::string& why,
                              Instant now) {
    wire::CollectedAlloc out;
    out.id = alloc.id;
    out.job = alloc.job;
    out.group = alloc.group.name;
    out.index = alloc.index;
    out.node = alloc.node;
    out.job_version = alloc.job_version;
    wire::JobSpec spec;
    spec.groups = {alloc.group};
    out.spec_hash = to_hex(stable_hash(wire::encode(spec)));
    out.status = status.status;
    out.description = status.description;
    out.reason = why;
    out.tasks = status.tasks;
    out.created_at = alloc.created_at;
    for (const wire::TaskStatus& task : status.tasks) out.ended_at = std::max(out.ended_at, task.finished_at);
    out.collected_at = now;
    return out;
}

// False when the alloc has to stay for now, or when what is recorded cannot be read. Otherwise the job knows what it
// needs to know of it.
bool let_go(Draft& draft, const wire::AllocDesired& alloc, const wire::AllocStatus& status) {
    if (!wire::has_ended(status)) return false;
    const auto order = load<wire::AllocOrder>(draft, order_key(alloc.id));
    auto job = load<wire::JobDesired>(draft, job_key(alloc.job));
    if (!order || !job) return false;
    if (!*job) return true;
    // Asked to begin again it may just be doing so, even for a job that is stopped, until its owner has said otherwise.
    for (const wire::TaskStatus& task : status.tasks) {
        if (*order && !(*order)->stop && (*order)->restart_all > task.restart_all_order) return false;
    }
    const bool runs = alloc.desired == wire::Desired::run;
    if ((*job)->stopped || !wire::find_place((*job)->spec, alloc.group.name, alloc.index)) return true;
    if (!runs && !wire::completed_in_drain(alloc, status)) return true;
    // One that is to be replaced is told to stop first.
    if (!wire::fits((*job)->spec, alloc)) return !runs;
    const bool failed = status.status != wire::ClientStatus::complete;
    remember(failed ? (*job)->failed : (*job)->completed, alloc);
    save(draft, job_key(alloc.job), **job);
    return true;
}

void forget_alloc(Draft& draft, const std::string& id) {
    for (const std::string& key : {alloc_key(id), order_key(id), status_key(id), recorded_key(id)}) draft.forget(key);
}

}  // namespace

std::vector<Removal> due(const Census& census, const CollectRules& rules, Instant now) {
    std::vector<Candidate> all = candidates(census);
    mark_old(all, rules, now);
    std::map<std::string, std::uint64_t> of_node;
    for (const Candidate& one : all) of_node[one.alloc->node] += one.why.empty() ? 1 : 0;
    for (const auto& [id, count] : of_node) {
        if (count <= rules.node_max_allocs) continue;
        const std::string& node = id;
        mark_surplus(all, rules.node_max_allocs, "on node " + node_name(census, node) + ", ",
                     [&node](const Candidate& one) { return one.alloc->node == node; });
    }
    mark_surplus(all, rules.max_allocs, "", [](const Candidate&) { return true; });
    for (const auto& [id, node] : census.nodes()) {
        const std::string name = "node " + node_name(census, id);
        if (node.disk >= rules.disk_percent) {
            mark_pressed(all, id, rules.pressure_step,
                         "the disk of " + name + " is " + percent(node.disk) + " full; the limit is " +
                             percent(rules.disk_percent));
        } else if (node.inodes >= rules.inode_percent) {
            mark_pressed(all, id, rules.pressure_step,
                         "the disk of " + name + " has used " + percent(node.inodes) + " of its inodes; the limit is " +
                             percent(rules.inode_percent));
        }
    }
    std::vector<Removal> out;
    for (Candidate& one : all) {
        if (!one.why.empty()) out.push_back({std::move(one.id), std::move(one.why)});
    }
    return out;
}

std::vector<wire::CollectedAlloc> collect(Draft& draft, const std::vector<Removal>& removals, std::size_t limit,
                                          Instant now) {
    std::vector<wire::CollectedAlloc> out;
    for (const Removal& removal : removals) {
        if (out.size() == limit) break;
        const auto alloc = load<wire::AllocDesired>(draft, alloc_key(removal.alloc));
        const auto status = load<wire::AllocStatus>(draft, status_key(removal.alloc));
        if (!alloc || !status || !*alloc || !*status || !let_go(draft, **alloc, **status)) continue;
        out.push_back(keepsake(**alloc, **status, removal.why, now));
        save(draft, collected_key(removal.alloc), out.back());
    }
    // Only behind everything that is remembered: who hears that an alloc is gone has heard what of it counts.
    for (const wire::CollectedAlloc& gone : out) forget_alloc(draft, gone.id);
    return out;
}

std::vector<std::string> purge(Draft& draft, const Census& census, std::size_t limit, Instant now) {
    std::vector<std::string> gone;
    for (const auto& [name, allocs] : census.purgeable()) {
        std::vector<Removal> removals;
        for (const std::string& id : allocs) removals.push_back({id, "its job was purged"});
        const std::size_t collected = collect(draft, removals, limit, now).size();
        limit -= collected;
        if (collected < allocs.size()) continue;
        draft.forget(job_key(name));
        draft.forget(tally_key(name));
        gone.push_back(name);
    }
    return gone;
}

std::vector<std::string> expired_records(const Census& census, const CollectRules& rules, Instant now) {
    std::vector<std::pair<Instant, std::string>> oldest;
    for (const auto& [id, at] : census.records()) oldest.emplace_back(at, id);
    std::sort(oldest.begin(), oldest.end());
    const std::size_t extra = oldest.size() > rules.max_records ? oldest.size() - rules.max_records : 0;
    std::vector<std::string> out;
    for (std::size_t i = 0; i < oldest.size(); ++i) {
        if (i < extra || now - oldest[i].first > rules.record_max_age) out.push_back(collected_key(oldest[i].second));
    }
    return out;
}

}  // namespace drover::store
