#include "state-store/engine/sqlite_whole.hpp"

#include "state-store/engine/sqlite_salvage.hpp"

namespace drover::store {

namespace {

Result<void> check_log(Db& db) {
    const auto frames = db.checkpoint();
    if (!frames) return tl::unexpected(frames.error());
    if (!salvage::log_lost_commits(db.path() + "-wal", *frames)) return {};
    return fail(ErrorKind::corrupt, "the database " + db.path() + " is damaged: its log breaks off before its end");
}

Result<void> bring_up_to_date(Db& db) {
    const auto version = schema::version(db);
    if (!version) return tl::unexpected(version.error());
    // A step writes, which it must not do over what a damaged log still holds.
    if (*version < schema::kVersion) {
        if (auto ok = check_log(db); !ok) return ok;
    }
    return schema::migrate(db);
}

}  // namespace

Result<std::unique_ptr<SqliteEngine>> open_whole(const std::string& path) {
    if (!salvage::header_is_whole(path)) {
        return fail(ErrorKind::corrupt, "the database " + path + " is damaged: it does not begin like one");
    }
    auto db = Db::open(path);
    if (!db) return tl::unexpected(db.error());
    db->keep_log(true);
    if (auto ok = schema::configure(*db); !ok) return tl::unexpected(ok.error());
    if (auto ok = bring_up_to_date(*db); !ok) return tl::unexpected(ok.error());
    auto contents = schema::verify(*db);
    if (!contents) return tl::unexpected(contents.error());
    if (auto ok = check_log(*db); !ok) return tl::unexpected(ok.error());
    db->keep_log(false);
    return SqliteEngine::make(std::move(*db), std::move(*contents));
}

}  // namespace drover::store
