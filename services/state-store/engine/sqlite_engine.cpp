#include "state-store/engine/sqlite_engine.hpp"

#include <algorithm>

#include "base/defer.hpp"
#include "base/hash.hpp"

namespace drover::store {

namespace {

Result<std::vector<Entry>> rows(Statement& select) {
    const Defer reset([&] { select.reset(); });
    std::vector<Entry> out;
    while (true) {
        const auto row = select.step();
        if (!row) return tl::unexpected(row.error());
        if (!*row) return out;
        auto entry = schema::read_entry(select);
        if (!entry) return tl::unexpected(entry.error());
        out.push_back(std::move(*entry));
    }
}

}  // namespace

Result<std::unique_ptr<SqliteEngine>> SqliteEngine::make(Db db, schema::Contents contents) {
    std::unique_ptr<SqliteEngine> engine(new SqliteEngine(std::move(db), std::move(contents)));
    for (const auto& [space, row] : engine->contents_.spaces) engine->head_ = std::max(engine->head_, row.head);
    if (auto ok = engine->prepare_statements(); !ok) return tl::unexpected(ok.error());
    return engine;
}

Result<void> SqliteEngine::prepare_statements() {
    const std::string select(schema::kEntryColumns);
    const std::string in_range = " key >= ?1 AND (key < ?2 OR ?2 = '')";
    const std::pair<Statement*, std::string> statements[] = {
        {&begin_, "BEGIN IMMEDIATE"},
        {&commit_, "COMMIT"},
        {&rollback_, "ROLLBACK"},
        {&look_up_, "SELECT revision, space, erased FROM entries WHERE key = ?1"},
        {&insert_, std::string(schema::kInsertEntry)},
        {&remove_, "DELETE FROM entries WHERE revision = ?1"},
        {&get_, select + " WHERE key = ?1 AND NOT erased"},
        {&range_, select + " WHERE" + in_range + " AND key > ?3 AND NOT erased ORDER BY key LIMIT ?4"},
        {&after_, select + " INDEXED BY entries_space WHERE space = ?1 AND revision > ?2 ORDER BY revision LIMIT ?3"},
        {&after_scan_, select + " INDEXED BY entries_space WHERE space = ?3 AND revision > ?4 AND revision <= ?6 AND" +
                           in_range + " ORDER BY revision LIMIT ?5"},
        {&after_few_, select + " WHERE revision IN (SELECT revision FROM entries INDEXED BY entries_key WHERE" +
                          in_range + " AND space = ?3 AND revision > ?4 ORDER BY revision LIMIT ?5) ORDER BY revision"},
        {&count_, "SELECT count(*) FROM (SELECT 1 FROM entries INDEXED BY entries_key WHERE" + in_range + " LIMIT ?3)"},
        {&skip_,
         "SELECT revision FROM entries INDEXED BY entries_space WHERE space = ?1 AND revision > ?2 "
         "ORDER BY revision LIMIT 1 OFFSET ?3"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = Statement::prepare(db_, sql);
        if (!prepared) return tl::unexpected(prepared.error());
        *statement = std::move(*prepared);
    }
    return {};
}

schema::SpaceRow SqliteEngine::find(Space space) const {
    const auto it = contents_.spaces.find(space);
    return it == contents_.spaces.end() ? schema::SpaceRow{} : it->second;
}

Result<SqliteEngine::Found> SqliteEngine::look_up(std::string_view key) {
    const auto row = look_up_.bind_text(1, key).step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return Found{};
    const Found found{look_up_.integer(0), static_cast<Space>(look_up_.integer(1)), look_up_.integer(2) != 0};
    look_up_.reset();
    return found;
}

Result<void> SqliteEngine::apply(const Change& change, Numbers& numbers) {
    const auto found = look_up(change.key);
    if (!found) return tl::unexpected(found.error());
    const bool live = found->revision != 0 && !found->erased;
    if (change.kind == ChangeKind::erase && !live) return {};
    const Space space = found->revision != 0 ? found->space : change.space;
    schema::SpaceRow& row = numbers.spaces[space];
    if (found->revision != 0) {
        if (auto ok = remove_.bind(1, found->revision).run(); !ok) return ok;
        if (live) --row.live;
    }
    if (change.kind == ChangeKind::forget) return {};

    const bool erased = change.kind == ChangeKind::erase;
    row.head = ++numbers.head;
    if (!erased) ++row.live;
    return schema::insert_entry(insert_,
                                {numbers.head, space, change.key, erased, erased ? std::string() : change.value});
}

Result<void> SqliteEngine::write_batch(const Batch& batch, Numbers& numbers) {
    for (const Change& change : batch) {
        if (auto ok = apply(change, numbers); !ok) return ok;
    }
    for (const auto& [space, row] : numbers.spaces) {
        if (row.head == find(space).head) continue;
        if (auto ok = schema::write_space(db_, space, row); !ok) return ok;
    }
    return {};
}

Result<void> SqliteEngine::in_transaction(Numbers& numbers, Result<void> written) {
    if (written) written = commit_.run();
    if (!written) {
        // SQLite rolls back by itself after some errors; then this one has nothing to do and says so.
        (void)rollback_.run();
        return written;
    }
    head_ = numbers.head;
    contents_.spaces = std::move(numbers.spaces);
    return {};
}

Result<std::uint64_t> SqliteEngine::commit(const Batch& batch) {
    if (batch.empty()) return head_;
    // All expectations are about what was there before the batch.
    for (const Change& change : batch) {
        if (!change.expected) continue;
        const auto found = get(change.key);
        if (!found) return tl::unexpected(found.error());
        if (*change.expected == (*found ? (*found)->revision : 0)) continue;
        return fail(ErrorKind::conflict,
                    "the batch was not applied: " + change.key + " has changed meanwhile; read it again");
    }
    if (auto ok = begin_.run(); !ok) return tl::unexpected(ok.error());
    Numbers numbers{head_, contents_.spaces};
    if (auto ok = in_transaction(numbers, write_batch(batch, numbers)); !ok) return tl::unexpected(ok.error());
    return head_;
}

Result<std::optional<Entry>> SqliteEngine::get(std::string_view key) const {
    auto found = rows(get_.bind_text(1, key));
    if (!found) return tl::unexpected(found.error());
    if (found->empty()) return std::nullopt;
    return std::move(found->front());
}

Result<std::vector<Entry>> SqliteEngine::range(std::string_view prefix, std::size_t limit,
                                               std::string_view above) const {
    const std::string end = prefix_end(prefix);
    return rows(range_.bind_text(1, prefix).bind_text(2, end).bind_text(3, above).bind(4, limit));
}

Result<std::vector<Entry>> SqliteEngine::after(Space space, std::uint64_t revision, std::size_t limit) const {
    return rows(after_.bind(1, space).bind(2, revision).bind(3, limit));
}

// So few that sorting them by revision is cheaper than looking through the space.
Result<bool> SqliteEngine::are_few(std::string_view prefix, const std::string& end) const {
    const auto row = count_.bind_text(1, prefix).bind_text(2, end).bind(3, kLook + 1).step();
    if (!row) return tl::unexpected(row.error());
    const bool few = count_.integer(0) <= kLook;
    count_.reset();
    return few;
}

// The revision that lies kLook keys above, or the head.
Result<std::uint64_t> SqliteEngine::look_until(Space space, std::uint64_t revision) const {
    const std::uint64_t head = find(space).head;
    if (head <= revision + kLook) return head;
    const auto row = skip_.bind(1, space).bind(2, revision).bind(3, kLook - 1).step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return head;
    const std::uint64_t until = skip_.integer(0);
    skip_.reset();
    return until;
}

Result<Slice> SqliteEngine::after(Space space, std::string_view prefix, std::uint64_t revision,
                                  std::size_t limit) const {
    Slice out{{}, find(space).head};
    const auto keep = [&](Result<std::vector<Entry>> found) -> Result<Slice> {
        if (!found) return tl::unexpected(found.error());
        out.entries = std::move(*found);
        if (out.entries.size() == limit) out.through = out.entries.back().revision;
        return std::move(out);
    };
    if (prefix.empty()) return keep(after(space, revision, limit));
    const std::string end = prefix_end(prefix);
    const auto few = are_few(prefix, end);
    if (!few) return tl::unexpected(few.error());
    Statement& select = *few ? after_few_ : after_scan_;
    if (!*few) {
        const auto until = look_until(space, revision);
        if (!until) return tl::unexpected(until.error());
        out.through = *until;
        select.bind(6, *until);
    }
    return keep(rows(select.bind_text(1, prefix).bind_text(2, end).bind(3, space).bind(4, revision).bind(5, limit)));
}

Result<void> SqliteEngine::renumber(std::uint64_t above) {
    const std::string uuid = random_hex(32);
    if (auto ok = begin_.run(); !ok) return ok;
    Numbers numbers{std::max(head_, above), contents_.spaces};
    // The space that nothing is replayed from remembers how far the numbers went.
    schema::SpaceRow& row = numbers.spaces[kRecoverySpace];
    row.head = numbers.head;
    Result<void> written = schema::write_uuid(db_, uuid);
    if (written) written = schema::write_space(db_, kRecoverySpace, row);
    if (auto ok = in_transaction(numbers, std::move(written)); !ok) return ok;
    contents_.uuid = uuid;
    return {};
}

Result<void> SqliteEngine::trim_tombstones(Space space, std::uint64_t keep) {
    auto select = Statement::prepare(db_,
                                     "SELECT revision FROM entries INDEXED BY entries_tombstone WHERE space = ?1 AND "
                                     "erased ORDER BY revision DESC LIMIT -1 OFFSET ?2");
    if (!select) return tl::unexpected(select.error());
    std::vector<std::uint64_t> old;
    select->bind(1, space).bind(2, keep);
    while (true) {
        const auto row = select->step();
        if (!row) return tl::unexpected(row.error());
        if (!*row) break;
        old.push_back(select->integer(0));
    }
    if (old.empty()) return {};

    if (auto ok = begin_.run(); !ok) return ok;
    Numbers numbers{head_, contents_.spaces};
    numbers.spaces[space].floor = old.front();
    Result<void> written = schema::write_space(db_, space, numbers.spaces[space]);
    for (std::size_t i = 0; i < old.size() && written; ++i) written = remove_.bind(1, old[i]).run();
    return in_transaction(numbers, std::move(written));
}

}  // namespace drover::store
