// drover audit list [--since NUMBER]
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

constexpr std::uint64_t kNewest = 50;

void print(const Session& session, const Json& records) {
    if (records.empty()) return session.out("Nothing was asked for.\n");
    Table table({"NUMBER", "TIME", "WHO", "WHAT", "OF", "OUTCOME"});
    for (const Json& record : records) {
        const bool accepted = record.value("accepted", false);
        const std::string detail = record.value("detail", "");
        table.add({std::to_string(record.value("number", 0ULL)), clock({record.value("time", 0LL)}, session.now()),
                   printable(record.value("who", "")), printable(record.value("verb", "")),
                   printable(record.value("object", "") + (detail.empty() ? "" : " (" + detail + ")")),
                   accepted ? session.paint("accepted", Tone::good)
                            : session.paint("refused", Tone::bad) + ": " + printable(record.value("error", ""))});
    }
    session.out(table.text());
}

// Where the newest ones begin.
Result<std::uint64_t> newest(Client& client) {
    const auto page = client.get("/v1/audit?limit=1");
    if (!page) return tl::unexpected(page.error());
    const std::uint64_t head = page->at("head").value("number", 0ULL);
    return head > kNewest ? head - kNewest : 0;
}

int list(const Session& session, std::optional<std::uint64_t> since) {
    Client client = session.client();
    if (!since) {
        const auto begin = newest(client);
        if (!begin) return session.fail(begin.error());
        since = *begin;
    }
    Json records = Json::array();
    for (bool more = true; more;) {
        auto page = client.get(with_query("/v1/audit", {{"since", std::to_string(*since)}}));
        if (!page) return session.fail(page.error());
        for (Json& record : page->at("records")) records.push_back(std::move(record));
        since = page->value("next", 0ULL);
        more = page->value("more", false);
    }
    if (!session.print_json(Json{{"records", records}, {"next", *since}})) print(session, records);
    return kOk;
}

}  // namespace

void add_audit_list(CLI::App& audit, Session& session) {
    const auto since = std::make_shared<std::optional<std::uint64_t>>();
    add_verb(audit, session, "list", "show who asked for which change, and whether he got it",
             "drover audit list --since 1200 -o json", [&session, since] { return list(session, *since); })
        ->add_option("--since", *since, "all records above this number; without it the newest 50")
        ->type_name("NUMBER");
}

}  // namespace drover::cli
