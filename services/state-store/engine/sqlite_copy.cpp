#include "state-store/engine/sqlite_copy.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "base/defer.hpp"
#include "base/unique_fd.hpp"
#include "state-store/engine/files.hpp"
#include "state-store/engine/sqlite_whole.hpp"

namespace drover::store {

namespace {

constexpr const char* kParts[] = {"", "-wal", "-shm"};

DatabaseReport report_of(const std::string& path, std::uint64_t format, const schema::Contents& contents) {
    DatabaseReport report;
    report.file = path;
    report.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(files::size(path), 0));
    report.format = format;
    for (const auto& [space, row] : contents.spaces) {
        report.revision = std::max(report.revision, row.head);
        report.counts[space] = row.live;
    }
    return report;
}

Error stopped() { return {ErrorKind::unavailable, "the state-store is stopping; ask again in a moment"}; }

// In portions, so that it can be stopped. The reading transaction keeps what is copied at one state.
Result<void> copy_pages(Db& from, Db& to, const std::atomic<bool>& stop) {
    constexpr int kPages = 256;
    if (auto ok = from.exec("BEGIN; SELECT count(*) FROM meta"); !ok) return ok;
    sqlite3_backup* backup = sqlite3_backup_init(to.raw(), "main", from.raw(), "main");
    if (backup == nullptr) return to.error("cannot copy into", SQLITE_ERROR);
    int code = SQLITE_OK;
    while (code == SQLITE_OK && !stop) code = sqlite3_backup_step(backup, kPages);
    sqlite3_backup_finish(backup);
    if (code == SQLITE_OK) return tl::unexpected<Error>(stopped());
    if (code != SQLITE_DONE) return to.error("cannot copy into", code);
    return {};
}

// The copy says what it is to whoever opens it.
Result<DatabaseReport> finish_copy(const std::string& path, Instant now) {
    auto engine = open_whole(path);
    if (!engine) return tl::unexpected(engine.error());
    const std::string sentence = "the database was restored from the backup of " + to_string(now) + " (revision " +
                                 std::to_string((*engine)->head()) +
                                 "): what was recorded after that is lost; everybody is told anew what is left";
    const auto marked = (*engine)->commit({{ChangeKind::put, kRecoverySpace, std::string(kRestoredKey), sentence}});
    if (!marked) return tl::unexpected(marked.error());
    const schema::Contents contents = (*engine)->contents();
    engine->reset();
    // Closing writes the log into the file and removes it.
    if (files::exists(path + "-wal")) return fail(ErrorKind::io, "cannot complete the copy " + path);
    return report_of(path, schema::kVersion, contents);
}

Result<std::uint64_t> format_of(const std::string& path) {
    auto db = Db::open(path);
    if (!db) return tl::unexpected(db.error());
    db->keep_log(true);
    return schema::version(*db);
}

// Locks as SQLite takes them on a database in use.
Result<void> check_unused(const std::string& path) {
    constexpr off_t kLocks = 0x40000000, kLength = 512;
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) {
        if (errno == ENOENT) return fail(ErrorKind::not_found, "there is no file " + path);
        return fail_errno("cannot open " + path, errno);
    }
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = kLocks;
    lock.l_len = kLength;
    if (::fcntl(fd.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return {};
    return fail(ErrorKind::refused, "the database " + path + " is in use by process " + std::to_string(lock.l_pid) +
                                        "; `drover store check` without a file asks the running store");
}

// A copy of a database that no store has open, with its log, in a directory for temporary files that goes with it.
class PrivateCopy {
   public:
    static Result<PrivateCopy> make(const std::string& path) {
        if (auto ok = check_unused(path); !ok) return tl::unexpected(ok.error());
        std::string directory = std::filesystem::temp_directory_path().string() + "/drover-check-XXXXXX";
        if (::mkdtemp(directory.data()) == nullptr) return fail_errno("cannot make a directory " + directory, errno);
        PrivateCopy copy(directory);
        for (const char* part : {"", "-wal"}) {
            if (auto ok = files::copy(path + part, copy.path() + part); !ok) return tl::unexpected(ok.error());
        }
        return copy;
    }
    PrivateCopy(PrivateCopy&& other) noexcept : directory_(std::exchange(other.directory_, "")) {}
    PrivateCopy& operator=(PrivateCopy&&) = delete;
    ~PrivateCopy() {
        std::error_code ignored;
        if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
    }

    std::string path() const { return directory_ + "/state.db"; }

   private:
    explicit PrivateCopy(std::string directory) : directory_(std::move(directory)) {}
    std::string directory_;
};

Result<void> add_rows(Db& db, std::string_view prefix, std::map<std::uint64_t, RawRow>& rows) {
    const std::string sql = std::string(schema::kEntryColumns) + " WHERE key >= ?1 AND key < ?2 AND NOT erased";
    auto select = Statement::prepare(db, sql);
    if (!select) return tl::unexpected(select.error());
    const std::string end = prefix_end(prefix);
    select->bind_text(1, prefix).bind_text(2, end);
    while (true) {
        const auto row = select->step();
        if (!row) return tl::unexpected(row.error());
        if (!*row) return {};
        RawRow raw;
        raw.entry = {select->integer(0), static_cast<Space>(select->integer(1)), select->text(2), false,
                     select->text(4)};
        raw.whole = select->integer(5) == schema::checksum(raw.entry);
        rows[raw.entry.revision] = std::move(raw);
    }
}

}  // namespace

Result<DatabaseReport> back_up(const std::string& path, const std::string& target, Instant now,
                               const std::atomic<bool>& stop) {
    if (files::exists(target)) {
        return fail(ErrorKind::conflict, "there is a file " + target + " already; choose another name or remove it");
    }
    const std::string growing = target + ".part";
    const auto remove_parts = [&] {
        for (const char* part : kParts) files::remove(growing + part);
    };
    remove_parts();
    const Defer cleanup(remove_parts);
    // SQLite keeps the mode of a file that is there.
    if (auto ok = files::write(growing, 0, ""); !ok) return tl::unexpected(ok.error());
    {
        auto from = Db::open_to_read(path);
        if (!from) return tl::unexpected(from.error());
        auto to = Db::open(growing);
        if (!to) return tl::unexpected(to.error());
        if (auto ok = copy_pages(*from, *to, stop); !ok) return tl::unexpected(ok.error());
    }
    auto report = finish_copy(growing, now);
    if (!report) return report;
    if (auto ok = files::sync(growing); !ok) return tl::unexpected(ok.error());
    if (auto ok = files::publish(growing, target); !ok) return tl::unexpected(ok.error());
    report->file = target;
    return report;
}

Result<DatabaseReport> check_living(const std::string& path, const std::atomic<bool>& stop) {
    auto db = Db::open_to_read(path);
    if (!db) return tl::unexpected(db.error());
    db->stop_when(stop);
    if (auto ok = db->exec("BEGIN"); !ok) return tl::unexpected(ok.error());
    const auto contents = schema::verify(*db);
    if (stop) return tl::unexpected<Error>(stopped());
    if (!contents) return tl::unexpected(contents.error());
    return report_of(path, schema::kVersion, *contents);
}

Result<DatabaseReport> check_file(const std::string& path) {
    const auto private_copy = PrivateCopy::make(path);
    if (!private_copy) return tl::unexpected(private_copy.error());
    const std::string copy = private_copy->path();
    const auto format = format_of(copy);
    auto engine = open_whole(copy);
    if (!engine) {
        // What is said of the copy is true of the file.
        std::string& message = engine.error().message;
        if (const auto at = message.find(copy); at != std::string::npos) message.replace(at, copy.size(), path);
        return tl::unexpected(engine.error());
    }
    return report_of(path, format.value_or(schema::kVersion), (*engine)->contents());
}

Result<std::vector<RawRow>> read_rows(const std::string& path, const std::vector<std::string>& prefixes) {
    const auto copy = PrivateCopy::make(path);
    if (!copy) return tl::unexpected(copy.error());
    auto db = Db::open(copy->path());
    if (!db) return tl::unexpected(db.error());
    const auto version = schema::version(*db);
    if (!version) return tl::unexpected(version.error());
    if (*version > schema::kVersion) return fail(ErrorKind::refused, "the database " + path + " is of a newer Drover");
    std::map<std::uint64_t, RawRow> rows;
    for (const std::string& prefix : prefixes)
        if (auto ok = add_rows(*db, prefix, rows); !ok) return tl::unexpected(ok.error());
    std::vector<RawRow> out;
    for (auto& [revision, row] : rows) out.push_back(std::move(row));
    return out;
}

}  // namespace drover::store
