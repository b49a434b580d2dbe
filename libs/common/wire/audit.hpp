// Audit: who asked for what, and what came of it, as a chain that shows when it was changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "wire/fields.hpp"

namespace drover::wire {

// Stream "audit", key "<number>".
struct AuditRecord {
    std::uint64_t number = 0;  // from 1, without holes
    Instant time;
    std::string who;     // as the gateway knows it
    std::string verb;    // "job submit"
    std::string object;  // "web", "4f1c0a17d5c2b3e4/server", "db/main"
    std::string detail;  // "version 3", "SIGHUP", the command of a session; never a value of a variable
    bool accepted = false;
    std::string error;  // why not
    std::string hash;   // of all of the above and the hash of the record before: state-store/core/audit.hpp

    static constexpr std::string_view kName = "AuditRecord";
    static constexpr auto fields() {
        return std::tuple(field("number", &AuditRecord::number), field("time", &AuditRecord::time),
                          field("who", &AuditRecord::who), field("verb", &AuditRecord::verb),
                          field("object", &AuditRecord::object), field("detail", &AuditRecord::detail),
                          field("accepted", &AuditRecord::accepted), field("error", &AuditRecord::error),
                          field("hash", &AuditRecord::hash));
    }
    friend bool operator==(const AuditRecord&, const AuditRecord&) = default;
};

// A place in the chain: the record of this number has this hash. Number 0 has the hash "".
struct AuditMark {
    std::uint64_t number = 0;
    std::string hash;

    static constexpr std::string_view kName = "AuditMark";
    static constexpr auto fields() {
        return std::tuple(field("number", &AuditMark::number), field("hash", &AuditMark::hash));
    }
    friend bool operator==(const AuditMark&, const AuditMark&) = default;
};

struct AuditPage {
    AuditMark floor;  // the last record that retention has removed
    AuditMark head;   // the newest
    std::vector<AuditRecord> records;

    static constexpr std::string_view kName = "AuditPage";
    static constexpr auto fields() {
        return std::tuple(field("floor", &AuditPage::floor), field("head", &AuditPage::head),
                          field("records", &AuditPage::records));
    }
    friend bool operator==(const AuditPage&, const AuditPage&) = default;
};

}  // namespace drover::wire
