// drover gc [--dry-run]
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

void print(const Session& session, const Json& all, bool dry_run) {
    if (all["collected"].empty()) {
        session.out("Nothing is due: what has ended is within its limits.\n");
        return;
    }
    Table table({"ALLOC", "JOB", "GROUP", "STATUS", "ENDED", "WHY"});
    for (const Json& alloc : all["collected"]) {
        table.add({short_id(alloc.value("id", "")), alloc.value("job", ""),
                   alloc.value("group", "") + "[" + std::to_string(alloc.value("index", 0U)) + "]",
                   session.status(alloc.value("status", "")),
                   age({alloc.value("ended_at", 0LL)}, session.now()) + " ago", printable(alloc.value("reason", ""))});
    }
    session.out(table.text());
    const std::size_t shown = all["collected"].size();
    const auto due = all.value("due", 0ULL);
    const std::string count = std::to_string(shown) + (shown == 1 ? " alloc" : " allocs");
    if (!dry_run) return session.out(count + " removed.\n");
    session.out(count + " would be removed" + (due > shown ? " first, " + std::to_string(due) + " in all" : "") +
                ".\n");
}

int collect(const Session& session, bool dry_run) {
    Json all = Json::object();
    while (true) {
        auto answer = session.client().post("/v1/gc", Json{{"dry_run", dry_run}}.dump());
        if (!answer) return session.fail(answer.error());
        Json& list = (*answer)["collected"];
        const bool on = !dry_run && answer->value("more", false) && !list.empty();
        if (all.empty()) {
            all = std::move(*answer);
        } else {
            for (Json& alloc : list) all["collected"].push_back(std::move(alloc));
            all["more"] = on;
        }
        if (!on) break;
    }
    if (!session.print_json(all)) print(session, all, dry_run);
    return kOk;
}

}  // namespace

void add_gc(CLI::App& root, Session& session) {
    const auto dry_run = std::make_shared<bool>(false);
    add_verb(root, session, "gc", "remove now the ended allocs that are too old or too many, and say why",
             "drover gc --dry-run", [&session, dry_run] { return collect(session, *dry_run); })
        ->add_flag("--dry-run", *dry_run, "only say what would go and why");
}

}  // namespace drover::cli
