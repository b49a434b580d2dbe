// The tables of the database file, what a row must look like, and whether a file is whole. Private to the engine.
#pragma once

#include <map>

#include "state-store/engine/engine.hpp"
#include "state-store/engine/sqlite_db.hpp"

namespace drover::store::schema {

inline constexpr std::uint64_t kVersion = 1;
inline constexpr std::size_t kPageSize = 4096;

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

inline constexpr std::string_view kInsertEntry =
    "INSERT INTO entries(revision, space, key, erased, value, sum) VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
Result<void> insert_entry(Statement& insert, const Entry& entry);
Result<void> write_uuid(Db& db, const std::string& uuid);
Result<void> write_space(Db& db, Space space, const SpaceRow& row);

// The row of a "SELECT revision, space, key, erased, value, sum FROM entries"; corrupt when its checksum is wrong.
inline constexpr std::string_view kEntryColumns = "SELECT revision, space, key, erased, value, sum FROM entries";
Result<Entry> read_entry(const Statement& select);

// Reads all of the database and checks all of it. corrupt: damaged, a sentence says how. refused: a newer Drover made
// it.
Result<Contents> verify(Db& db);

}  // namespace drover::store::schema
