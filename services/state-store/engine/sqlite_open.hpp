// Opens a database file whatever happened to it.
#pragma once

#include <memory>

#include "base/time.hpp"
#include "state-store/engine/engine.hpp"

namespace drover::store {

struct OpenedEngine {
    std::unique_ptr<Engine> engine;
    // Not empty: the file was damaged. A sentence for people: what was read, what is lost, where the damaged file is.
    // The engine holds it under kRecoveryKey too, until somebody has recorded it.
    std::string recovered;
};

// A missing file is created. A truncated or damaged one is renamed aside (with `now` in its name, and its -wal and
// -shm) and every row that can still be read is put into a new database, with a new uuid and revisions above the old
// ones. Fails only when a newer Drover wrote the file (refused) or when the directory cannot be written (io). The
// caller makes sure that no other process has the file open for writing.
Result<OpenedEngine> open_sqlite(const std::string& path, Instant now);

}  // namespace drover::store
