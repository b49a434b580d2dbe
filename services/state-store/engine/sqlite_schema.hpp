// The tables of the database file, what a row must look like, and whether a file is whole. Private to the engine.
#pragma once

#include <array>
#include <map>
#include <span>

#include "state-store/engine/engine.hpp"
#include "state-store/engine/sqlite_db.hpp"

namespace drover::store::schema {

inline constexpr std::uint64_t kVersion = 1;
inline constexpr std::size_t kPageSize = 4096;

// How a database of one version becomes one of the next: statements that need nothing but the tables. A change of
// kTables adds one, raises kVersion, and keeps a file of the version before beside golden/format-1.db.
struct Migration {
    std::uint64_t from;
    const char* sql;
};
inline constexpr std::array<Migration, 0> kMigrations{};

struct SpaceRow {
    std::uint64_t head = 0;
    std::uint64_t floor = 0;
    std::uint64_t live = 0;  // counted at the opening, not in the file
};

struct Contents {
    std::string uuid;
    std::map<Space, SpaceRow> spaces;
};

// Every row carries the checksum of its other columns: SQLite would not notice a changed byte within a value.
std::uint64_t checksum(const Entry& entry);
std::uint64_t checksum(Space space, const SpaceRow& row);
std::uint64_t checksum(std::string_view name, std::string_view value);

// Journal mode, durability and page size of a connection.
Result<void> configure(Db& db);
// Makes the tables of an empty database.
Result<void> create(Db& db, const std::string& uuid);

// The version that the file says it has. corrupt: it says nothing that can be believed.
Result<std::uint64_t> version(Db& db);
// Brings an older database up to `target`, all of it or nothing. refused: a newer Drover made it, or no step leads on
// from what it is.
Result<void> migrate(Db& db, std::span<const Migration> steps = kMigrations, std::uint64_t target = kVersion);

inline constexpr std::string_view kInsertEntry =
    "INSERT INTO entries(revision, space, key, erased, value, sum) VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
Result<void> insert_entry(Statement& insert, const Entry& entry);
Result<void> write_uuid(Db& db, const std::string& uuid);
Result<void> write_space(Db& db, Space space, const SpaceRow& row);

// The row of a "SELECT revision, space, key, erased, value, sum FROM entries"; corrupt when its checksum is wrong.
inline constexpr std::string_view kEntryColumns = "SELECT revision, space, key, erased, value, sum FROM entries";
Result<Entry> read_entry(const Statement& select);

// Reads all of a database of our version and checks all of it. corrupt: damaged, a sentence says how.
Result<Contents> verify(Db& db);

}  // namespace drover::store::schema
