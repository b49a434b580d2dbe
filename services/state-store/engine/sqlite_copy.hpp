// Copies and checks of a database file, also of one that a running store writes to: they read beside it and hold
// nothing up, so they may be called on any thread. Each takes as long as the file is large.
#pragma once

#include <atomic>
#include <map>

#include "base/time.hpp"
#include "state-store/engine/engine.hpp"

namespace drover::store {

struct DatabaseReport {
    std::string file;
    std::uint64_t bytes = 0;
    std::uint64_t format = 0;
    std::uint64_t revision = 0;             // of the newest change
    std::map<Space, std::uint64_t> counts;  // of the keys that are not erased
};

// Copies the database of a running store, as it is at one moment, into `target`, mode 0600, and checks the copy. A
// store that is started with it begins a new numbering and records that it was restored. conflict: `target` is there
// already; it is left as it is. `stop`: ends soon after it has become true; nothing is left behind after a failure.
Result<DatabaseReport> back_up(const std::string& path, const std::string& target, Instant now,
                               const std::atomic<bool>& stop);

// Reads every row of a running store's database. corrupt: a sentence about the first thing that is wrong.
Result<DatabaseReport> check_living(const std::string& path, const std::atomic<bool>& stop);

// Reads every row of a database that no store has open, with its log, by way of a copy in the directory for temporary
// files: the file itself stays as it is. corrupt as above; refused: a store has it open, or a newer Drover made it.
Result<DatabaseReport> check_file(const std::string& path);

// A row as it is in the file, with what it says of itself.
struct RawRow {
    Entry entry;
    bool whole = false;  // its checksum fits
};

// The rows of a database that no store has open whose keys begin with one of `prefixes`, in the order in which they
// were written: also of a database that a store would not open as it is, as far as SQLite can read it. Errors as above.
Result<std::vector<RawRow>> read_rows(const std::string& path, const std::vector<std::string>& prefixes);

}  // namespace drover::store
