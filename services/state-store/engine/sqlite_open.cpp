#include "state-store/engine/sqlite_open.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "state-store/engine/files.hpp"
#include "state-store/engine/sqlite_salvage.hpp"
#include "state-store/engine/sqlite_whole.hpp"

namespace drover::store {

namespace {

// Revisions of rows that are lost without a trace stay below the new ones.
constexpr std::uint64_t kRevisionGap = 1 << 20;
// The same for what was recorded since a backup: a hundred changes a second for a year.
constexpr std::uint64_t kRestoreGap = std::uint64_t{1} << 32;

constexpr const char* kCompanions[] = {"-wal", "-shm", ""};

struct Names {
    std::string path, working, growing, salvaged;
};

Names names_of(const std::string& path) { return {path, path + ".reading", path + ".salvaging", path + ".salvaged"}; }

void remove_with_companions(const std::string& path) {
    for (const char* companion : kCompanions) files::remove(path + companion);
}

std::string describe(const std::string& why, const salvage::Salvaged& found, const std::string& aside) {
    constexpr std::size_t kNamed = 5;
    std::string lost;
    std::size_t named = 0;
    for (const std::string& key : found.lost) {
        if (named++ == kNamed) break;
        lost += (lost.empty() ? "" : ", ") + key;
    }
    if (found.lost.size() > kNamed) lost += ", ...";
    return why + "; objects read and kept: " + std::to_string(found.entries.size()) +
           ", known to be lost: " + std::to_string(found.lost.size()) + (lost.empty() ? "" : " (" + lost + ")") +
           "; the damaged file was kept as " + aside + "; check this machine's disk";
}

Result<void> write_entries(Db& db, const std::vector<Entry>& entries) {
    auto insert = Statement::prepare(db, schema::kInsertEntry);
    if (!insert) return tl::unexpected(insert.error());
    std::map<Space, schema::SpaceRow> spaces;
    for (const Entry& entry : entries) {
        spaces[entry.space].head = std::max(spaces[entry.space].head, entry.revision);
        if (auto ok = schema::insert_entry(*insert, entry); !ok) return ok;
    }
    for (const auto& [space, row] : spaces) {
        if (auto ok = schema::write_space(db, space, row); !ok) return ok;
    }
    return {};
}

// Complete or not there: a crash half-way must not look like damage.
Result<void> make_database(const Names& names, const std::vector<Entry>& entries, const std::string& final_name) {
    remove_with_companions(names.growing);
    // Environments of tasks are in it; SQLite gives the log the same mode.
    if (auto ok = files::write(names.growing, 0, ""); !ok) return ok;
    auto db = Db::open(names.growing);
    if (!db) return tl::unexpected(db.error());
    if (auto ok = schema::configure(*db); !ok) return ok;
    if (auto ok = schema::create(*db, random_hex(32)); !ok) return ok;
    if (auto ok = db->exec("BEGIN IMMEDIATE"); !ok) return ok;
    if (auto ok = write_entries(*db, entries); !ok) return ok;
    if (auto ok = db->exec("COMMIT"); !ok) return ok;
    if (auto ok = db->close(); !ok) return ok;
    if (auto ok = files::sync(names.growing); !ok) return ok;
    return files::rename(names.growing, final_name);
}

// Where the damaged file goes. A name that is taken would overwrite evidence.
std::string aside_name(const std::string& path, Instant now) {
    std::string name = path + ".damaged-" + to_string(now);
    while (files::exists(name)) name += "+";
    return name;
}

Result<void> adopt_salvaged(const Names& names, const std::string& aside) {
    for (const char* companion : kCompanions) {
        if (auto ok = files::rename(names.path + companion, aside + companion); !ok) return ok;
    }
    return files::rename(names.salvaged, names.path);
}

Result<void> salvage_to_new(const Names& names, const std::string& why, Instant now) {
    remove_with_companions(names.working);
    for (const char* companion : {"-wal", ""}) {
        if (auto ok = files::copy(names.path + companion, names.working + companion); !ok) return ok;
    }
    const salvage::Salvaged found = salvage::read_damaged(names.working);
    remove_with_companions(names.working);
    const std::string aside = aside_name(names.path, now);
    std::vector<Entry> entries;
    for (const auto& [key, entry] : found.entries) {
        if (key != kRecoveryKey) entries.push_back(entry);
    }
    entries.push_back(
        {found.top + kRevisionGap, kRecoverySpace, std::string(kRecoveryKey), false, describe(why, found, aside)});
    // From here on a crash continues with adopt_salvaged.
    if (auto ok = make_database(names, entries, names.salvaged); !ok) return ok;
    return adopt_salvaged(names, aside);
}

// A backup tells what it is when it is opened. Numbers that were given since it was made must not name anything else.
Result<void> begin_anew(SqliteEngine& engine) {
    const auto restored = engine.get(kRestoredKey);
    if (!restored) return tl::unexpected(restored.error());
    if (!*restored) return {};
    const auto note = engine.get(kRecoveryKey);
    if (!note) return tl::unexpected(note.error());
    const std::string sentence = (*note ? (*note)->value + "; " : "") + (*restored)->value;
    if (auto ok = engine.renumber(engine.head() + kRestoreGap); !ok) return ok;
    const auto done = engine.commit({{ChangeKind::put, kRecoverySpace, std::string(kRecoveryKey), sentence},
                                     {ChangeKind::forget, kRecoverySpace, std::string(kRestoredKey), ""}});
    if (!done) return tl::unexpected(done.error());
    return {};
}

}  // namespace

Result<OpenedEngine> open_sqlite(const std::string& path, Instant now) {
    const Names names = names_of(path);
    if (files::exists(names.salvaged)) {
        if (auto ok = adopt_salvaged(names, aside_name(path, now)); !ok) return tl::unexpected(ok.error());
    }
    if (!files::exists(path) && files::size(path + "-wal") <= 0) {
        if (auto ok = make_database(names, {}, path); !ok) return tl::unexpected(ok.error());
    }
    auto engine = open_whole(path);
    if (!engine && engine.error().kind == ErrorKind::corrupt) {
        if (auto ok = salvage_to_new(names, engine.error().message, now); !ok) return tl::unexpected(ok.error());
        engine = open_whole(path);
    }
    if (!engine) return tl::unexpected(engine.error());
    if (auto ok = begin_anew(**engine); !ok) return tl::unexpected(ok.error());
    auto note = (*engine)->get(kRecoveryKey);
    if (!note) return tl::unexpected(note.error());
    return OpenedEngine{std::move(*engine), *note ? (*note)->value : std::string()};
}

}  // namespace drover::store
