// The audit in a database file, checked without a state-store.
#pragma once

#include <optional>
#include <string>

#include "state-store/core/audit.hpp"

namespace drover::cli {

// The newest record and how many there are. corrupt: a sentence about the first record that is wrong.
struct AuditVerdict {
    wire::AuditMark head;
    std::uint64_t checked = 0;
};
Result<AuditVerdict> verify_audit_file(const std::string& path, const std::optional<wire::AuditMark>& known);

}  // namespace drover::cli
