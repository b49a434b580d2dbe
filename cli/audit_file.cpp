#include "cli/audit_file.hpp"

#include <charconv>
#include <map>

#include "state-store/core/keys.hpp"
#include "state-store/engine/sqlite_copy.hpp"

namespace drover::cli {
namespace {

constexpr std::string_view kAuditNotes = "note/audit-";

// The few rows beside the records, as the core reads them.
class Notes : public store::View {
   public:
    Result<std::optional<std::string>> get(std::string_view key) const override {
        const auto found = values.find(key);
        return found == values.end() ? std::nullopt : std::optional(found->second);
    }
    std::map<std::string, std::string, std::less<>> values;
};

tl::unexpected<Error> wrong(std::string_view key, const std::string& how) {
    key.remove_prefix(std::min(store::kAuditPrefix.size(), key.size()));
    std::uint64_t number = 0;
    std::from_chars(key.data(), key.data() + key.size(), number);
    return fail(ErrorKind::corrupt, "audit record " + std::to_string(number) + " " + how);
}

Result<wire::AuditRecord> read_record(const store::RawRow& row) {
    const std::string& key = row.entry.key;
    if (!row.whole) return wrong(key, "was changed: the checksum of its row is wrong");
    auto record = wire::decode<wire::AuditRecord>(row.entry.value);
    if (!record) return wrong(key, "cannot be read: " + record.error().message);
    if (store::audit_key(record->number) != key)
        return wrong(key, "is not in its place: its row has record " + std::to_string(record->number));
    return record;
}

}  // namespace

Result<AuditVerdict> verify_audit_file(const std::string& path, const std::optional<wire::AuditMark>& known) {
    const auto rows = store::read_rows(path, {std::string(store::kAuditPrefix), std::string(kAuditNotes)});
    if (!rows) return tl::unexpected(rows.error());
    Notes notes;
    for (const store::RawRow& row : *rows) {
        if (!row.entry.key.starts_with(kAuditNotes)) continue;
        if (!row.whole)
            return fail(ErrorKind::corrupt, "the row " + row.entry.key + " was changed: its checksum is wrong");
        notes.values[row.entry.key] = row.entry.value;
    }
    const auto floor = store::audit_floor(notes);
    const auto head = store::audit_head(notes);
    for (const auto* mark : {&floor, &head})
        if (!*mark) return tl::unexpected(mark->error());
    store::AuditCheck check(*floor, known);
    for (const store::RawRow& row : *rows) {
        if (!row.entry.key.starts_with(store::kAuditPrefix)) continue;
        const auto record = read_record(row);
        // One that is missing before it is the first that is wrong.
        if (!record && row.entry.key == store::audit_key(check.at().number + 1)) return tl::unexpected(record.error());
        if (!record) return wrong(store::audit_key(check.at().number + 1), "is missing or not in its place");
        if (auto ok = check.next(*record); !ok) return tl::unexpected(ok.error());
    }
    if (auto ok = check.end(*head); !ok) return tl::unexpected(ok.error());
    return AuditVerdict{check.at(), check.checked()};
}

}  // namespace drover::cli
