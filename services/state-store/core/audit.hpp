// Audit: what was asked for by whom, and whether he got it, recorded in the commit that carries it out. The records
// form a chain: each has the hash of itself and of the one before, so a record that was changed, removed, added or
// moved no longer fits. Who can write the database can also make all hashes anew; a hash that was kept elsewhere finds
// that.
#pragma once

#include <optional>

#include "base/time.hpp"
#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::store {

// The hash of a record: SHA-256 over its fields and the hash before, each as "<bytes>:<text>,", in the order
// "drover-audit-1", before, number, time in nanoseconds since 1970, who, verb, object, detail, "accepted" or "refused",
// error.
std::string chain_hash(const wire::AuditRecord& record, std::string_view before);

// What the request and its answer are in a record; nothing for those that change nothing.
std::optional<wire::AuditRecord> audited(const wire::Request& request, const wire::Answer& answer);
// The beginning or the end of a command beside a task, which alloc-runners report as events.
std::optional<wire::AuditRecord> audited(const wire::TaskEvent& event);

// Appends it to the chain: numbers and hashes it; texts are cut to 1 KiB and made UTF-8 without control characters.
Result<void> append_audit(Draft& draft, wire::AuditRecord record);

struct AuditRetention {
    std::uint64_t max_count = 100'000;
    Duration max_age = hours(24 * 365);
};

// Forgets the oldest records that are over the limits, at most `limit` and never the newest, and keeps where the rest
// of the chain begins.
Result<void> remove_audit(Draft& draft, const Log& log, const AuditRetention& retention, Instant now,
                          std::size_t limit);

// Where the kept part of the chain begins and ends, as recorded beside it.
Result<wire::AuditMark> audit_floor(const View& view);
Result<wire::AuditMark> audit_head(const View& view);

// Answers an `audit` request. Records that are missing are left out: whoever checks finds that.
Result<wire::Answer> answer_audit(const View& view, const wire::Request& request);

// Checks a chain, record by record. Errors are of the kind corrupt and name the first record that is wrong.
class AuditCheck {
   public:
    // `known`: a place in the chain that was kept elsewhere; it counts when it is not below `floor`.
    explicit AuditCheck(wire::AuditMark floor, std::optional<wire::AuditMark> known = std::nullopt);

    // The next record, in the order in which they were written.
    Result<void> next(const wire::AuditRecord& record);
    // After the last one.
    Result<void> end(const wire::AuditMark& head) const;

    const wire::AuditMark& at() const { return at_; }
    std::uint64_t checked() const { return checked_; }

   private:
    Result<void> compare() const;

    wire::AuditMark at_;
    std::optional<wire::AuditMark> known_;
    std::uint64_t checked_ = 0;
};

}  // namespace drover::store
