#include "state-store/core/keys.hpp"

#include <algorithm>
#include <utility>

namespace drover::store {

namespace {

constexpr std::string_view kDonePrefix = "done/", kNotePrefix = "note/";
constexpr std::string_view kVariablePrefix = "variable/";
constexpr std::size_t kDigits = 20;

constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
    {"job/", "JobDesired"},           {"alloc/", "AllocDesired"},           {"order/", "AllocOrder"},
    {"status/", "AllocStatus"},       {"recorded/", "AllocRecorded"},       {kNodePrefix, "NodeStatus"},
    {kMembersKey, "Members"},         {kEventPrefix, "TaskEvent"},          {"nodeorder/", "NodeOrder"},
    {"collected/", "CollectedAlloc"}, {kVariablePrefix, "VariableDesired"}, {kAuditPrefix, "AuditRecord"},
};

std::string join(std::string_view prefix, std::string_view name) { return std::string(prefix) += name; }

}  // namespace

std::string job_key(std::string_view name) { return join("job/", name); }
std::string alloc_key(std::string_view id) { return join("alloc/", id); }
std::string order_key(std::string_view alloc) { return join("order/", alloc); }
std::string status_key(std::string_view alloc) { return join("status/", alloc); }
std::string recorded_key(std::string_view alloc) { return join("recorded/", alloc); }
std::string node_key(std::string_view id) { return join(kNodePrefix, id); }
std::string node_order_key(std::string_view id) { return join("nodeorder/", id); }
std::string collected_key(std::string_view alloc) { return join("collected/", alloc); }
std::string variable_key(std::string_view path) { return join(kVariablePrefix, path); }
std::string tally_key(std::string_view job) { return join("note/tally/", job); }
std::string done_key(std::string_view request) { return join(kDonePrefix, request); }

std::string event_key(std::string_view job, std::string_view alloc, std::string_view task, std::uint64_t n) {
    const std::string digits = std::to_string(n);
    std::string key(kEventPrefix);
    for (const std::string_view part : {job, alloc, task}) (key += part) += '/';
    return key.append(kDigits - digits.size(), '0') += digits;
}

std::string audit_key(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(kAuditPrefix).append(kDigits - digits.size(), '0') += digits;
}

std::uint32_t space_of(std::string_view key) {
    if (key.starts_with(kAuditPrefix)) return kAuditSpace;
    if (key.starts_with(kEventPrefix)) return kEventSpace;
    if (key.starts_with(kNotePrefix)) return kNoteSpace;
    return key.starts_with(kDonePrefix) ? kDoneSpace : kStateSpace;
}

std::string_view record_kind(std::string_view key) {
    for (const auto& [prefix, kind] : kKinds) {
        if (key.starts_with(prefix)) return kind;
    }
    return {};
}

std::string record_key(std::string_view key) {
    if (key.starts_with(kAuditPrefix)) {
        key.remove_prefix(kAuditPrefix.size());
        key.remove_prefix(std::min(key.find_first_not_of('0'), key.size()));
        return std::string(key);
    }
    if (!key.starts_with(kEventPrefix)) return std::string(key);
    key.remove_prefix(kEventPrefix.size());
    return std::string(key.substr(0, key.rfind('/')));
}

}  // namespace drover::store
