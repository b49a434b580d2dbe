// Db and Statement: SQLite's C interface with owners and Results. Private to the engine.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace drover::store {

class Db {
   public:
    // Creates the file when it is missing.
    static Result<Db> open(const std::string& path);
    // Beside a connection that writes: sees one state of the database from its first read in a transaction on, and
    // holds nobody up.
    static Result<Db> open_to_read(const std::string& path);
    Db(Db&& other) noexcept;
    Db& operator=(Db&& other) noexcept;
    ~Db();

    Result<void> exec(const char* sql);
    // Whatever it does fails soon after `stop` has become true, which outlives the connection.
    void stop_when(const std::atomic<bool>& stop);
    // Copies the log into the file; the value is how many of the log's frames were good.
    Result<std::uint64_t> checkpoint();
    // Whether closing leaves the log as it is: to look at a file that may be damaged without changing it.
    void keep_log(bool keep);
    // Closing writes the log back into the file; this says whether that worked.
    Result<void> close();

    sqlite3* raw() const { return db_; }
    const std::string& path() const { return path_; }
    // What SQLite says failed last, behind `what`; corrupt when the file is damaged.
    tl::unexpected<Error> error(std::string_view what, int code) const;

   private:
    static Result<Db> open(const std::string& path, int flags);
    Db(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}

    sqlite3* db_ = nullptr;
    std::string path_;
};

// A prepared statement. Binds are by position, from 1; columns from 0. After a step without a row or with an error the
// statement is ready to be bound again.
class Statement {
   public:
    Statement() = default;
    static Result<Statement> prepare(const Db& db, std::string_view sql);

    Statement& bind(int index, std::uint64_t value);
    Statement& bind_text(int index, std::string_view value);
    Statement& bind_blob(int index, std::string_view value);

    // true: a row. Texts and blobs that were bound must live until then.
    Result<bool> step();
    // For statements that give no rows.
    Result<void> run();
    void reset();

    std::uint64_t integer(int column) const;
    std::string text(int column) const;

   private:
    struct Finalize {
        void operator()(sqlite3_stmt* stmt) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalize> stmt_;
};

}  // namespace drover::store
