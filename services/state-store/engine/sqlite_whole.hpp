// Opens a database that nothing has happened to. Private to the engine.
#pragma once

#include <memory>

#include "state-store/engine/sqlite_engine.hpp"

namespace drover::store {

// In a backup: a sentence about when it was made, which whoever opens it makes a recovery of.
inline constexpr std::string_view kRestoredKey = "restored";

// Reads and checks all of it; an older version is brought up to date first. corrupt: it is damaged, a sentence says
// how, and nothing was changed. refused: a newer Drover made it.
Result<std::unique_ptr<SqliteEngine>> open_whole(const std::string& path);

}  // namespace drover::store
