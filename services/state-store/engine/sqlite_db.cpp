#include "state-store/engine/sqlite_db.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace drover::store {

namespace {

ErrorKind kind_of(int extended) {
    switch (extended) {
        case SQLITE_IOERR_READ:
        case SQLITE_IOERR_SHORT_READ:
        case SQLITE_IOERR_CORRUPTFS:
        case SQLITE_IOERR_DATA: return ErrorKind::corrupt;
        default: break;
    }
    switch (extended & 0xff) {
        case SQLITE_ERROR:  // our statements are right, so the tables in the file are not ours
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FORMAT: return ErrorKind::corrupt;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return ErrorKind::unavailable;
        default: return ErrorKind::io;
    }
}

// What went wrong last on `db`, in words a person can act on.
Error error_of(sqlite3* db, std::string_view what, const std::string& path) {
    const int code = sqlite3_extended_errcode(db), system = sqlite3_system_errno(db);
    const bool io = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
    if ((code & 0xff) == SQLITE_FULL || (io && (system == ENOSPC || system == EDQUOT))) {
        return {ErrorKind::io, "disk full: no room is left for the database " + path};
    }
    return {kind_of(code), std::string(what) + " the database " + path + ": " + sqlite3_errmsg(db)};
}

}  // namespace

Result<Db> Db::open(const std::string& path, int flags) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    Db db(raw, path);
    if (code != SQLITE_OK) return db.error("cannot open", code);
    sqlite3_extended_result_codes(raw, 1);
    // Somebody may look into the file with the sqlite3 shell.
    sqlite3_busy_timeout(raw, 2000);
    return db;
}

Result<Db> Db::open(const std::string& path) { return open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE); }

Result<Db> Db::open_to_read(const std::string& path) { return open(path, SQLITE_OPEN_READONLY); }

Db::Db(Db&& other) noexcept : db_(std::exchange(other.db_, nullptr)), path_(std::move(other.path_)) {}

Db& Db::operator=(Db&& other) noexcept {
    std::swap(db_, other.db_);
    std::swap(path_, other.path_);
    return *this;
}

Db::~Db() { sqlite3_close_v2(db_); }

Result<void> Db::exec(const char* sql) {
    const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return error("cannot use", code);
    return {};
}

void Db::stop_when(const std::atomic<bool>& stop) {
    constexpr int kInstructions = 10'000;
    const auto asked = [](void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0; };
    sqlite3_progress_handler(db_, kInstructions, asked, const_cast<std::atomic<bool>*>(&stop));
}

Result<std::uint64_t> Db::checkpoint() {
    int frames = 0;
    const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &frames, nullptr);
    if (code != SQLITE_OK) return error("cannot use", code);
    return static_cast<std::uint64_t>(std::max(frames, 0));
}

void Db::keep_log(bool keep) { sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 1 : 0, nullptr); }

Result<void> Db::close() {
    const int code = sqlite3_close(db_);
    if (code != SQLITE_OK) return error("cannot close", code);
    db_ = nullptr;
    return {};
}

tl::unexpected<Error> Db::error(std::string_view what, int code) const {
    if (db_ != nullptr) return tl::unexpected<Error>(error_of(db_, what, path_));
    return fail(kind_of(code), std::string(what) + " the database " + path_ + ": " + sqlite3_errstr(code));
}

void Statement::Finalize::operator()(sqlite3_stmt* stmt) const { sqlite3_finalize(stmt); }

Result<Statement> Statement::prepare(const Db& db, std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v2(db.raw(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
    if (code != SQLITE_OK) return db.error("cannot use", code);
    Statement statement;
    statement.stmt_.reset(raw);
    return statement;
}

Statement& Statement::bind(int index, std::uint64_t value) {
    sqlite3_bind_int64(stmt_.get(), index, static_cast<sqlite3_int64>(value));
    return *this;
}

Statement& Statement::bind_text(int index, std::string_view value) {
    const char* data = value.data() != nullptr ? value.data() : "";
    sqlite3_bind_text64(stmt_.get(), index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
}

Statement& Statement::bind_blob(int index, std::string_view value) {
    const char* data = value.data() != nullptr ? value.data() : "";
    sqlite3_bind_blob64(stmt_.get(), index, data, value.size(), SQLITE_STATIC);
    return *this;
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(stmt_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        sqlite3_reset(stmt_.get());
        return false;
    }
    sqlite3* db = sqlite3_db_handle(stmt_.get());
    const char* path = sqlite3_db_filename(db, "main");
    Error error = error_of(db, "cannot use", path != nullptr ? path : "");
    sqlite3_reset(stmt_.get());
    return tl::unexpected<Error>(std::move(error));
}

Result<void> Statement::run() {
    const auto row = step();
    if (!row) return tl::unexpected(row.error());
    if (*row) reset();
    return {};
}

void Statement::reset() { sqlite3_reset(stmt_.get()); }

std::uint64_t Statement::integer(int column) const {
    return static_cast<std::uint64_t>(sqlite3_column_int64(stmt_.get(), column));
}

std::string Statement::text(int column) const {
    const void* data = sqlite3_column_blob(stmt_.get(), column);
    const int size = sqlite3_column_bytes(stmt_.get(), column);
    return data == nullptr ? std::string()
                           : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

}  // namespace drover::store
