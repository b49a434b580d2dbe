// SqliteEngine: the engine in one SQLite file (write-ahead log, synchronous=FULL). See sqlite_open.hpp for opening one.
#pragma once

#include "state-store/engine/engine.hpp"
#include "state-store/engine/sqlite_db.hpp"
#include "state-store/engine/sqlite_schema.hpp"

namespace drover::store {

class SqliteEngine : public Engine {
   public:
    // Of a database that was verified.
    static Result<std::unique_ptr<SqliteEngine>> make(Db db, schema::Contents contents);

    // Of the file, as of the last commit.
    const schema::Contents& contents() const { return contents_; }

    const std::string& uuid() const override { return contents_.uuid; }
    std::uint64_t head() const override { return head_; }
    std::uint64_t head(Space space) const override { return find(space).head; }
    std::uint64_t floor(Space space) const override { return find(space).floor; }
    std::uint64_t count(Space space) const override { return find(space).live; }

    Result<std::uint64_t> commit(const Batch& batch) override;
    Result<std::optional<Entry>> get(std::string_view key) const override;
    Result<std::vector<Entry>> range(std::string_view prefix, std::size_t limit, std::string_view above) const override;
    Result<std::vector<Entry>> after(Space space, std::uint64_t revision, std::size_t limit) const override;
    Result<Slice> after(Space space, std::string_view prefix, std::uint64_t revision, std::size_t limit) const override;
    Result<void> renumber(std::uint64_t above) override;
    Result<void> trim_tombstones(Space space, std::uint64_t keep) override;

   private:
    // What a commit changes besides the file.
    struct Numbers {
        std::uint64_t head;
        std::map<Space, schema::SpaceRow> spaces;
    };
    struct Found {
        std::uint64_t revision = 0;  // 0: no such key
        Space space = 0;
        bool erased = false;
    };

    SqliteEngine(Db db, schema::Contents contents) : db_(std::move(db)), contents_(std::move(contents)) {}

    Result<void> prepare_statements();
    schema::SpaceRow find(Space space) const;
    Result<bool> are_few(std::string_view prefix, const std::string& end) const;
    Result<std::uint64_t> look_until(Space space, std::uint64_t revision) const;
    Result<Found> look_up(std::string_view key);
    Result<void> apply(const Change& change, Numbers& numbers);
    Result<void> write_batch(const Batch& batch, Numbers& numbers);
    Result<void> in_transaction(Numbers& numbers, Result<void> written);

    Db db_;
    schema::Contents contents_;
    std::uint64_t head_ = 0;

    Statement begin_, commit_, rollback_, look_up_, insert_, remove_;
    mutable Statement get_, range_, after_, after_scan_, after_few_, count_, skip_;
};

}  // namespace drover::store
