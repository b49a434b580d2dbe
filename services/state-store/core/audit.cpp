#include "state-store/core/audit.hpp"

#include <algorithm>
#include <charconv>

#include "digest/sha256.hpp"
#include "state-store/core/expiry.hpp"
#include "state-store/core/keys.hpp"

namespace drover::store {
namespace {

constexpr std::size_t kMaxText = 1024;
constexpr std::size_t kMaxPage = 200;  // records
constexpr std::size_t kMaxPageBytes = 24 * 1024;
constexpr std::size_t kMaxLooks = 2000;  // rows that one answer may ask for

// How many bytes the UTF-8 character has that `text` begins with; 0: it begins with none.
std::size_t character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return lead < 0x20 || lead == 0x7f ? 0 : 1;
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
    std::uint32_t code = lead & (0x7fU >> length);
    for (const char c : text.substr(1, length - 1)) {
        if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80) return 0;
        code = code << 6 | (static_cast<unsigned char>(c) & 0x3fU);
    }
    const bool too_long = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool no_character = (code >= 0xd800 && code < 0xe000) || code > 0x10ffff;
    return too_long || no_character ? 0 : length;
}

std::string clean(std::string_view text) {
    std::string out;
    text = text.substr(0, kMaxText);
    while (!text.empty()) {
        const std::size_t length = character(text);
        out += length == 0 ? std::string_view("?") : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

std::string mark_text(const wire::AuditMark& mark) { return std::to_string(mark.number) + " " + mark.hash; }

Result<wire::AuditMark> read_mark(const View& view, std::string_view key) {
    const auto text = view.get(key);
    if (!text) return tl::unexpected(text.error());
    wire::AuditMark mark;
    if (!*text) return mark;
    const char* const end = (*text)->data() + (*text)->size();
    const auto number = std::from_chars((*text)->data(), end, mark.number);
    if (number.ptr != end) mark.hash.assign(number.ptr + 1, end);
    return mark;
}

tl::unexpected<Error> broken(std::uint64_t number, const std::string& how) {
    return fail(ErrorKind::corrupt, "audit record " + std::to_string(number) + " " + how);
}

std::string target(const std::string& alloc, const std::string& task) {
    return task.empty() ? alloc : alloc + "/" + task;
}

std::string with_version(const wire::Answer& answer) {
    return answer.ok ? "version " + std::to_string(answer.index) : std::string();
}

void describe_order(const wire::NodeOrder& order, Duration deadline, wire::AuditRecord& record) {
    record.object = order.node;
    record.verb = order.drain ? "node drain" : "node eligibility";
    record.detail = order.drain ? (deadline > Duration{} ? "within " + to_string(deadline) : "without a deadline")
                                : (order.eligible ? "eligible" : "not eligible");
}

}  // namespace

std::string chain_hash(const wire::AuditRecord& record, std::string_view before) {
    std::string text;
    const auto add = [&text](std::string_view field) {
        ((text += std::to_string(field.size())) += ':') += field;
        text += ',';
    };
    add("drover-audit-1");
    add(before);
    add(std::to_string(record.number));
    add(std::to_string(record.time.ns));
    add(record.who);
    add(record.verb);
    add(record.object);
    add(record.detail);
    add(record.accepted ? "accepted" : "refused");
    add(record.error);
    return digest::sha256(text);
}

std::optional<wire::AuditRecord> audited(const wire::Request& request, const wire::Answer& answer) {
    wire::AuditRecord record;
    record.who = request.by.empty() ? "unknown" : request.by;
    record.accepted = answer.ok;
    record.error = answer.message;
    switch (request.ask) {
        case wire::Ask::job_submit:
            record.verb = "job submit";
            record.object = request.spec ? request.spec->name : request.job;
            record.detail = with_version(answer);
            return record;
        case wire::Ask::job_stop:
            record.verb = request.purge ? "job purge" : "job stop";
            record.object = request.job;
            return record;
        case wire::Ask::alloc_stop:
        case wire::Ask::alloc_restart:
        case wire::Ask::alloc_signal:
            record.verb = request.ask == wire::Ask::alloc_stop      ? "alloc stop"
                          : request.ask == wire::Ask::alloc_restart ? "alloc restart"
                                                                    : "alloc signal";
            record.object = target(request.alloc, request.task);
            record.detail = request.all ? "all tasks" : request.signal;
            return record;
        case wire::Ask::variable_put:
            record.verb = "variable put";
            record.object = request.variable ? request.variable->path : "";
            record.detail = with_version(answer);
            return record;
        case wire::Ask::variable_remove:
            record.verb = "variable delete";
            record.object = request.path;
            return record;
        case wire::Ask::node_order:
            describe_order(request.order.value_or(wire::NodeOrder{}), request.deadline, record);
            return record;
        case wire::Ask::collect:
            record.verb = "gc";
            record.detail = std::to_string(answer.collected.size()) + " allocs";
            return record;
        case wire::Ask::store_backup:
            record.verb = "store backup";
            record.object = request.path;
            return record;
        case wire::Ask::store_check:
        case wire::Ask::events:
        case wire::Ask::audit: break;
    }
    return std::nullopt;
}

std::optional<wire::AuditRecord> audited(const wire::TaskEvent& event) {
    const bool begins = event.type == "Exec Started";
    if (!begins && event.type != "Exec Ended") return std::nullopt;
    const auto detail = [&event](const char* name) {
        const auto at = event.details.find(name);
        return at == event.details.end() ? std::string() : at->second;
    };
    wire::AuditRecord record;
    record.time = event.time;
    record.who = detail("user");
    record.verb = begins ? "exec begin" : "exec end";
    record.object = target(event.alloc, event.task);
    record.detail = detail("command");
    record.error = detail("exec_error");
    record.accepted = record.error.empty();
    return record;
}

Result<void> append_audit(Draft& draft, wire::AuditRecord record) {
    const auto head = audit_head(draft);
    if (!head) return tl::unexpected(head.error());
    for (std::string* text : {&record.who, &record.verb, &record.object, &record.detail, &record.error})
        *text = clean(*text);
    record.number = head->number + 1;
    record.hash = chain_hash(record, head->hash);
    save(draft, audit_key(record.number), record);
    draft.put(std::string(kAuditHeadKey), mark_text({record.number, record.hash}));
    return {};
}

Result<void> remove_audit(Draft& draft, const Log& log, const AuditRetention& retention, Instant now,
                          std::size_t limit) {
    const auto old = [&](const Log::Entry& entry) {
        const auto record = wire::decode<wire::AuditRecord>(entry.value);
        return record && record->time < now - retention.max_age;
    };
    auto out = expired(log, retention.max_count, limit, old);
    if (!out) return tl::unexpected(out.error());
    // A stream must not lose its newest record: its head would be out of reach.
    if (!out->empty() && out->back().number == log.head()) out->pop_back();
    if (out->empty()) return {};
    const auto last = wire::decode<wire::AuditRecord>(out->back().value);
    if (!last) return tl::unexpected(last.error());
    for (const Log::Entry& entry : *out) draft.forget(entry.key);
    draft.put(std::string(kAuditFloorKey), mark_text({last->number, last->hash}));
    return {};
}

Result<wire::AuditMark> audit_floor(const View& view) { return read_mark(view, kAuditFloorKey); }
Result<wire::AuditMark> audit_head(const View& view) { return read_mark(view, kAuditHeadKey); }

Result<wire::Answer> answer_audit(const View& view, const wire::Request& request) {
    const auto floor = audit_floor(view);
    const auto head = audit_head(view);
    for (const auto* mark : {&floor, &head})
        if (!*mark) return tl::unexpected(mark->error());
    wire::Answer answer;
    answer.id = request.id;
    answer.ok = true;
    answer.audit.emplace();
    answer.audit->floor = *floor;
    answer.audit->head = *head;
    const std::size_t limit = std::clamp<std::size_t>(request.limit, 1, kMaxPage);
    std::size_t bytes = 0, looks = 0;
    answer.next = std::max(request.since, floor->number);
    while (answer.next < head->number && answer.audit->records.size() < limit && looks < kMaxLooks) {
        const auto value = view.get(audit_key(answer.next + 1));
        if (!value) return tl::unexpected(value.error());
        if (bytes > 0 && bytes + value->value_or("").size() > kMaxPageBytes) break;
        ++looks;
        ++answer.next;
        if (!*value) continue;
        auto record = wire::decode<wire::AuditRecord>(**value);
        if (!record) return tl::unexpected(record.error());
        bytes += (*value)->size();
        answer.audit->records.push_back(std::move(*record));
    }
    answer.more = answer.next < head->number;
    return answer;
}

AuditCheck::AuditCheck(wire::AuditMark floor, std::optional<wire::AuditMark> known)
    : at_(std::move(floor)), known_(std::move(known)) {}

Result<void> AuditCheck::compare() const {
    if (!known_ || known_->number != at_.number || known_->hash == at_.hash) return {};
    return broken(at_.number, "is not what it was: its hash was " + known_->hash + " and is " + at_.hash +
                                  "; it, or one before it, and all hashes since have been made anew");
}

Result<void> AuditCheck::next(const wire::AuditRecord& record) {
    const std::uint64_t due = at_.number + 1;
    if (record.number > due) return broken(due, "is missing: record " + std::to_string(record.number) + " is next");
    if (record.number < due)
        return broken(due, "is not in its place: record " + std::to_string(record.number) + " is there");
    const std::string hash = chain_hash(record, at_.hash);
    if (hash != record.hash)
        return broken(due, "was changed, or the one before it was: its hash is " + record.hash +
                               ", but its content and "
                               "the hash before make " +
                               hash);
    at_ = {record.number, record.hash};
    ++checked_;
    return compare();
}

Result<void> AuditCheck::end(const wire::AuditMark& head) const {
    if (at_.number < head.number)
        return broken(at_.number + 1, "is missing, and all up to " + std::to_string(head.number));
    if (at_.number > head.number)
        return broken(head.number + 1, "was added: the newest should be " + std::to_string(head.number));
    if (at_.hash != head.hash) return broken(at_.number, "was changed, with its hash: it should be " + head.hash);
    if (known_ && known_->number > at_.number)
        return broken(at_.number + 1,
                      "is missing, and all up to " + std::to_string(known_->number) + ", which was there");
    return {};
}

}  // namespace drover::store
