// Reads what a damaged database file still holds. Private to the engine.
#pragma once

#include <map>
#include <set>

#include "state-store/engine/engine.hpp"

namespace drover::store::salvage {

struct Salvaged {
    std::map<std::string, Entry> entries;  // by key, the newest that could be read
    std::set<std::string> lost;            // keys that an index names and no row was found for
    std::uint64_t top = 0;                 // the highest revision seen anywhere
};

// Whether the first page is that of a database of ours, as far as SQLite itself would not notice.
bool header_is_whole(const std::string& path);

// Whether the log at `wal_path` holds commits behind the `applied` frames that SQLite found good: SQLite ends in
// silence at the first bad frame, as it must after a power loss, which leaves at most the one commit that was in
// flight.
bool log_lost_commits(const std::string& wal_path, std::uint64_t applied);

// Reads the database at `path` and its log; a file that cannot be read at all holds nothing. Writes to both, so give
// it copies.
Salvaged read_damaged(const std::string& path);

}  // namespace drover::store::salvage
