// What the store keeps under which key, and which stream tells of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drover::store {

// Spaces of the engine: each is replayed by itself.
inline constexpr std::uint32_t kStateSpace = 0;  // the stream "state"
inline constexpr std::uint32_t kEventSpace = 1;  // the stream "task/event"
inline constexpr std::uint32_t kDoneSpace = 2;   // answers already given; not published
inline constexpr std::uint32_t kNoteSpace = 3;   // what the store notes for itself; not published
inline constexpr std::uint32_t kAuditSpace = 4;  // the stream "audit"

inline constexpr std::string_view kMembersKey = "members";
inline constexpr std::string_view kNodePrefix = "node/";
inline constexpr std::string_view kEventPrefix = "event/";
inline constexpr std::string_view kRemovedKey = "note/removed-events";
inline constexpr std::string_view kAuditPrefix = "audit/";
inline constexpr std::string_view kAuditHeadKey = "note/audit-head";    // "<number> <hash>" of the newest record
inline constexpr std::string_view kAuditFloorKey = "note/audit-floor";  // likewise, of the last one removed

std::string job_key(std::string_view name);
std::string alloc_key(std::string_view id);
std::string order_key(std::string_view alloc);
std::string status_key(std::string_view alloc);
std::string recorded_key(std::string_view alloc);
std::string node_key(std::string_view id);
std::string node_order_key(std::string_view id);
std::string collected_key(std::string_view alloc);
std::string variable_key(std::string_view path);
// Of a job, see tally.hpp.
std::string tally_key(std::string_view job);
std::string done_key(std::string_view request);
// Keys of one task are in the order of `n`.
std::string event_key(std::string_view job, std::string_view alloc, std::string_view task, std::uint64_t n);

std::string audit_key(std::uint64_t number);

std::uint32_t space_of(std::string_view key);

// The kind and the key of the record that tells of `key`: "JobDesired" and "job/web" for "job/web", "TaskEvent" and
// "web/4f1c/server" for "event/web/4f1c/server/00..07".
std::string_view record_kind(std::string_view key);
std::string record_key(std::string_view key);

}  // namespace drover::store
