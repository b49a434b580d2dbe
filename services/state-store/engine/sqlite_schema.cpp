#include "state-store/engine/sqlite_schema.hpp"

#include <charconv>

#include "base/hash.hpp"

namespace drover::store::schema {

namespace {

// Compared with what the file says, so text and order are part of the format.
constexpr std::string_view kTables[] = {
    ("CREATE TABLE entries(revision INTEGER PRIMARY KEY, space INTEGER NOT NULL, key TEXT NOT NULL, "
     "erased INTEGER NOT NULL, value BLOB NOT NULL, sum INTEGER NOT NULL)"),
    "CREATE INDEX entries_key ON entries(key, space)",
    "CREATE INDEX entries_space ON entries(space)",
    "CREATE INDEX entries_tombstone ON entries(space) WHERE erased",
    ("CREATE TABLE spaces(space INTEGER PRIMARY KEY, head INTEGER NOT NULL, floor INTEGER NOT NULL, "
     "sum INTEGER NOT NULL)"),
    "CREATE TABLE meta(name TEXT NOT NULL, value TEXT NOT NULL, sum INTEGER NOT NULL)",
};

Result<void> put_meta(Db& db, std::string_view name, std::string_view value) {
    auto insert = Statement::prepare(db, "INSERT INTO meta(name, value, sum) VALUES(?1, ?2, ?3)");
    if (!insert) return tl::unexpected(insert.error());
    return insert->bind_text(1, name).bind_text(2, value).bind(3, checksum(name, value)).run();
}

tl::unexpected<Error> damaged(const Db& db, const std::string& how) {
    return fail(ErrorKind::corrupt, "the database " + db.path() + " is damaged: " + how);
}

Result<void> check_structure(Db& db) {
    auto check = Statement::prepare(db, "PRAGMA integrity_check(1)");
    if (!check) return tl::unexpected(check.error());
    const auto row = check->step();
    if (!row) return tl::unexpected(row.error());
    std::string verdict = *row ? check->text(0) : "no verdict";
    verdict.erase(0, verdict.rfind('\n') + 1);  // the lines before are a heading
    check->reset();
    if (verdict != "ok") return damaged(db, verdict);

    auto tables = Statement::prepare(db, "SELECT sql FROM sqlite_schema ORDER BY rowid");
    if (!tables) return tl::unexpected(tables.error());
    for (const std::string_view expected : kTables) {
        const auto table = tables->step();
        if (!table) return tl::unexpected(table.error());
        if (!*table || tables->text(0) != expected) return damaged(db, "its tables are not those of Drover");
    }
    return {};
}

using Meta = std::map<std::string, std::string>;

Result<Meta> read_meta(Db& db) {
    auto select = Statement::prepare(db, "SELECT name, value, sum FROM meta");
    if (!select) return tl::unexpected(select.error());
    Meta meta;
    while (true) {
        const auto row = select->step();
        if (!row) return tl::unexpected(row.error());
        if (!*row) break;
        const std::string name = select->text(0), value = select->text(1);
        if (select->integer(2) != checksum(name, value)) return damaged(db, "the checksum of its head is wrong");
        meta[name] = value;
    }
    if (meta["schema"].empty() || meta["uuid"].empty()) return damaged(db, "its head is missing");
    return meta;
}

Result<void> check_spaces(Db& db, Contents& contents) {
    auto select = Statement::prepare(db, "SELECT space, head, floor, sum FROM spaces");
    if (!select) return tl::unexpected(select.error());
    while (true) {
        const auto row = select->step();
        if (!row) return tl::unexpected(row.error());
        if (!*row) return {};
        const Space space = static_cast<Space>(select->integer(0));
        const SpaceRow values{.head = select->integer(1), .floor = select->integer(2)};
        if (select->integer(3) != checksum(space, values)) return damaged(db, "the checksum of a space is wrong");
        contents.spaces[space] = values;
    }
}

Result<void> check_entries(Db& db, Contents& contents) {
    auto select = Statement::prepare(db, std::string(kEntryColumns) + " ORDER BY revision");
    if (!select) return tl::unexpected(select.error());
    while (true) {
        const auto row = select->step();
        if (!row) return tl::unexpected(row.error());
        if (!*row) return {};
        const auto entry = read_entry(*select);
        if (!entry) return tl::unexpected(entry.error());
        SpaceRow& space = contents.spaces[entry->space];
        if (entry->revision > space.head) return damaged(db, "a revision is above the head");
        if (!entry->erased) ++space.live;
    }
}

}  // namespace

std::uint64_t checksum(const Entry& entry) {
    const std::uint64_t seed = stable_hash(entry.key, entry.revision);
    return stable_hash(entry.value, seed + entry.space * 2 + (entry.erased ? 1 : 0));
}

std::uint64_t checksum(Space space, const SpaceRow& row) {
    return stable_hash(std::to_string(row.head) + " " + std::to_string(row.floor), space);
}

std::uint64_t checksum(std::string_view name, std::string_view value) { return stable_hash(value, stable_hash(name)); }

Result<void> configure(Db& db) {
    return db.exec(
        "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON;"
        "PRAGMA cache_size=-16384");
}

Result<void> create(Db& db, const std::string& uuid) {
    if (auto ok = db.exec("BEGIN IMMEDIATE"); !ok) return ok;
    for (const std::string_view table : kTables) {
        if (auto ok = db.exec(std::string(table).c_str()); !ok) return ok;
    }
    if (auto ok = put_meta(db, "schema", std::to_string(kVersion)); !ok) return ok;
    if (auto ok = put_meta(db, "uuid", uuid); !ok) return ok;
    return db.exec("COMMIT");
}

Result<std::uint64_t> version(Db& db) {
    auto meta = read_meta(db);
    if (!meta) return tl::unexpected(meta.error());
    const std::string& text = (*meta)["schema"];
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || *read.ptr != '\0') return damaged(db, "it has the format \"" + text + "\"");
    return number;
}

Result<void> migrate(Db& db, std::span<const Migration> steps, std::uint64_t target) {
    const auto found = version(db);
    if (!found) return tl::unexpected(found.error());
    if (*found == target) return {};
    const std::string has = "the database " + db.path() + " has the format " + std::to_string(*found);
    if (*found > target) {
        return fail(ErrorKind::refused, has + ", this version of Drover knows formats up to " + std::to_string(target) +
                                            "; start the newer version that wrote it");
    }
    if (auto ok = db.exec("BEGIN IMMEDIATE"); !ok) return ok;
    std::uint64_t at = *found;
    for (const Migration& step : steps) {
        if (step.from != at || at == target) continue;
        if (auto ok = db.exec(step.sql); !ok) return ok;
        ++at;
    }
    if (at != target) return fail(ErrorKind::refused, has + ", from which no step leads to " + std::to_string(target));
    if (auto ok = db.exec("DELETE FROM meta WHERE name = 'schema'"); !ok) return ok;
    if (auto ok = put_meta(db, "schema", std::to_string(target)); !ok) return ok;
    return db.exec("COMMIT");
}

Result<void> write_uuid(Db& db, const std::string& uuid) {
    if (auto ok = db.exec("DELETE FROM meta WHERE name = 'uuid'"); !ok) return ok;
    return put_meta(db, "uuid", uuid);
}

Result<void> insert_entry(Statement& insert, const Entry& entry) {
    return insert.bind(1, entry.revision)
        .bind(2, entry.space)
        .bind_text(3, entry.key)
        .bind(4, entry.erased ? 1 : 0)
        .bind_blob(5, entry.value)
        .bind(6, checksum(entry))
        .run();
}

Result<void> write_space(Db& db, Space space, const SpaceRow& row) {
    auto replace =
        Statement::prepare(db, "INSERT OR REPLACE INTO spaces(space, head, floor, sum) VALUES(?1, ?2, ?3, ?4)");
    if (!replace) return tl::unexpected(replace.error());
    return replace->bind(1, space).bind(2, row.head).bind(3, row.floor).bind(4, checksum(space, row)).run();
}

Result<Entry> read_entry(const Statement& select) {
    Entry entry;
    entry.revision = select.integer(0);
    entry.space = static_cast<Space>(select.integer(1));
    entry.key = select.text(2);
    entry.erased = select.integer(3) != 0;
    entry.value = select.text(4);
    if (select.integer(5) != checksum(entry)) {
        return fail(ErrorKind::corrupt, "the checksum of revision " + std::to_string(entry.revision) + " is wrong");
    }
    return entry;
}

Result<Contents> verify(Db& db) {
    Contents contents;
    auto meta = read_meta(db);
    if (!meta) return tl::unexpected(meta.error());
    contents.uuid = (*meta)["uuid"];
    if (auto ok = check_structure(db); !ok) return tl::unexpected(ok.error());
    if (auto ok = check_spaces(db, contents); !ok) return tl::unexpected(ok.error());
    if (auto ok = check_entries(db, contents); !ok) return tl::unexpected(ok.error());
    return contents;
}

}  // namespace drover::store::schema
