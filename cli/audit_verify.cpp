// drover audit verify [FILE] [--expect NUMBER:HASH]
#include <charconv>

#include "cli/audit_file.hpp"
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

constexpr std::size_t kHashDigits = 64;

wire::AuditMark read_mark(const Json& json) { return {json.value("number", 0ULL), json.value("hash", "")}; }

wire::AuditRecord read_record(const Json& json) {
    wire::AuditRecord record;
    record.number = json.value("number", 0ULL);
    record.time = Instant{json.value("time", 0LL)};
    record.who = json.value("who", "");
    record.verb = json.value("verb", "");
    record.object = json.value("object", "");
    record.detail = json.value("detail", "");
    record.accepted = json.value("accepted", false);
    record.error = json.value("error", "");
    record.hash = json.value("hash", "");
    return record;
}

// What the running state-store says, checked here: it is not asked whether it is right.
Result<AuditVerdict> verify_running(Client client, const std::optional<wire::AuditMark>& known) {
    std::optional<store::AuditCheck> check;
    for (std::uint64_t since = 0;;) {
        const auto page = client.get(with_query("/v1/audit", {{"since", std::to_string(since)}, {"limit", "200"}}));
        if (!page) return tl::unexpected(page.error());
        const wire::AuditMark floor = read_mark(page->at("floor"));
        // Retention may overtake us.
        if (!check || check->at().number < floor.number) check.emplace(floor, known);
        for (const Json& record : page->at("records"))
            if (auto ok = check->next(read_record(record)); !ok) return tl::unexpected(ok.error());
        since = page->value("next", 0ULL);
        if (page->value("more", false)) continue;
        if (auto ok = check->end(read_mark(page->at("head"))); !ok) return tl::unexpected(ok.error());
        return AuditVerdict{check->at(), check->checked()};
    }
}

Result<std::optional<wire::AuditMark>> parse_expected(const std::string& text) {
    if (text.empty()) return std::nullopt;
    wire::AuditMark mark;
    const std::size_t colon = std::min(text.find(':'), text.size());
    const auto number = std::from_chars(text.data(), text.data() + colon, mark.number);
    if (colon < text.size()) mark.hash = text.substr(colon + 1);
    if (number.ec == std::errc() && number.ptr == text.data() + colon && mark.hash.size() == kHashDigits) return mark;
    return fail(ErrorKind::invalid, "--expect has to be NUMBER:HASH, as an earlier `drover audit verify` printed it");
}

int verify(const Session& session, const std::string& file, const std::string& expected) {
    const auto known = parse_expected(expected);
    if (!known) return session.fail(known.error());
    const auto verdict = file.empty() ? verify_running(session.client(), *known) : verify_audit_file(file, *known);
    if (!verdict) return session.fail(verdict.error());
    const std::string head = std::to_string(verdict->head.number) + ":" + verdict->head.hash;
    if (!session.print_json(Json{{"whole", true}, {"records", verdict->checked}, {"head", head}})) {
        const std::string count = std::to_string(verdict->checked) + (verdict->checked == 1 ? " record" : " records");
        session.out("The audit is whole: " + count + ".\nIts end is " + head +
                    "; kept elsewhere, --expect finds later whether anything up to here was made anew.\n");
    }
    return kOk;
}

}  // namespace

void add_audit_verify(CLI::App& audit, Session& session) {
    const auto file = std::make_shared<std::string>();
    const auto expected = std::make_shared<std::string>();
    CLI::App* verb = add_verb(audit, session, "verify", "check that no audit record was changed, removed or moved",
                              "drover audit verify /var/backups/drover-monday.db",
                              [&session, file, expected] { return verify(session, *file, *expected); });
    verb->add_option("FILE", *file, "a database that no state-store has open; without it the running one is asked")
        ->type_name("");
    verb->add_option("--expect", *expected, "what an earlier verify printed as the end, kept elsewhere")
        ->type_name("NUMBER:HASH");
}

}  // namespace drover::cli
