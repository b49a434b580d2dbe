// drover store backup FILE, drover store check [FILE]
#include "base/hash.hpp"
#include "base/units.hpp"
#include "cli/store_file.hpp"
#include "cli/verb.hpp"
#include "state-store/core/keys.hpp"
#include "state-store/engine/sqlite_copy.hpp"

namespace drover::cli {
namespace {

std::string contents(const Json& report) {
    return std::to_string(report.value("objects", 0ULL)) + " objects and " +
           std::to_string(report.value("events", 0ULL)) + " events, up to revision " +
           std::to_string(report.value("revision", 0ULL)) + ", in format " +
           std::to_string(report.value("format", 0ULL)) + ", " + to_string(Size{report.value("bytes", 0ULL)});
}

int back_up(const Session& session, const std::string& file) {
    // Before anything is asked for: whether it can be kept where it is wanted.
    auto target = NewFile::make(file);
    if (!target) return session.fail(target.error());
    auto report = session.client().post("/v1/store/backup", Json{{"name", "drover-" + random_hex(16) + ".db"}}.dump());
    if (!report) return session.fail(report.error());
    if (auto taken = target->take(report->value("file", "")); !taken) return session.fail(taken.error());
    (*report)["file"] = file;
    if (!session.print_json(*report)) session.out("Backed up to " + file + ": " + contents(*report) + ".\n");
    return kOk;
}

Result<Json> check(const Session& session, const std::string& file) {
    if (file.empty()) return session.client().post("/v1/store/check", "{}");
    auto report = store::check_file(file);
    if (!report) return tl::unexpected(report.error());
    return Json{{"file", report->file},
                {"bytes", report->bytes},
                {"format", report->format},
                {"revision", report->revision},
                {"objects", report->counts[store::kStateSpace]},
                {"events", report->counts[store::kEventSpace]}};
}

int show_check(const Session& session, const std::string& file) {
    const auto report = check(session, file);
    if (!report) return session.fail(report.error());
    if (!session.print_json(*report)) {
        session.out("The database " + printable(report->value("file", "")) + " is whole: " + contents(*report) + ".\n");
    }
    return kOk;
}

}  // namespace

void add_store_backup(CLI::App& store, Session& session) {
    const auto file = std::make_shared<std::string>();
    add_verb(store, session, "backup", "copy the database, as it is now, while everything goes on",
             "drover store backup /var/backups/drover-monday.db", [&session, file] { return back_up(session, *file); })
        ->add_option("FILE", *file, "to be made here, on the state-store's machine; must not be there yet")
        ->required()
        ->type_name("");
}

void add_store_check(CLI::App& store, Session& session) {
    const auto file = std::make_shared<std::string>();
    add_verb(store, session, "check", "read every row of the database and say whether all of it is whole",
             "drover store check /var/backups/drover-monday.db",
             [&session, file] { return show_check(session, *file); })
        ->add_option("FILE", *file, "a database that no state-store has open; without it the running one is asked")
        ->type_name("");
}

}  // namespace drover::cli
