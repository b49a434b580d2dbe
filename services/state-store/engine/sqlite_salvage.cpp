#include "state-store/engine/sqlite_salvage.hpp"

#include <algorithm>

#include "state-store/engine/files.hpp"
#include "state-store/engine/sqlite_db.hpp"
#include "state-store/engine/sqlite_schema.hpp"

namespace drover::store::salvage {

namespace {

using schema::kPageSize;

constexpr char kLeafOfTable = 0x0d;
constexpr std::size_t kLogHeader = 32, kFrameHeader = 24;

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

// Of the log's head over its own first 24 bytes; when it is wrong, SQLite ignores the whole log.
bool log_head_is_whole(std::string_view head) {
    const std::uint32_t magic = big_endian(head, 0);
    if ((magic | 1) != 0x377f0683) return false;
    std::uint32_t sums[2] = {0, 0};
    for (std::size_t at = 0; at < 24; at += 4) {
        std::uint32_t word = big_endian(head, at);
        if ((magic & 1) == 0) word = __builtin_bswap32(word);
        const std::size_t i = at / 4 % 2;
        sums[i] += word + sums[1 - i];
    }
    return sums[0] == big_endian(head, 24) && sums[1] == big_endian(head, 28);
}

void put_big_endian(std::string& bytes, std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (24 - 8 * i) & 0xff);
}

std::uint32_t pages_of(const std::string& path) {
    const std::int64_t size = files::size(path);
    return size <= 0 ? 0 : static_cast<std::uint32_t>((static_cast<std::size_t>(size) + kPageSize - 1) / kPageSize);
}

// The first page of an empty database with our tables: their roots are where they are in every database of ours.
std::string first_page(const std::string& path) {
    const std::string donor = path + "-donor";
    files::remove(donor);
    {
        auto db = Db::open(donor);
        if (db && schema::configure(*db) && schema::create(*db, "donor")) (void)db->close();
    }
    std::string page = files::read(donor, 0, kPageSize);
    files::remove(donor);
    return page;
}

// Makes the header tell the file's real size; a header that is not ours is replaced.
void mend_header(const std::string& path, bool replace) {
    std::string page = files::read(path, 0, kPageSize);
    if (replace || !header_is_whole(path)) page = first_page(path);
    if (page.size() < kPageSize) return;
    put_big_endian(page, 28, std::max(pages_of(path), 1U));
    put_big_endian(page, 92, big_endian(page, 24));
    (void)files::write(path, 0, page);
}

class Reader {
   public:
    explicit Reader(Salvaged& out) : out_(out) {}

    // false: something could not be read.
    bool read_rows(const Db& db, const std::string& order) {
        auto select = Statement::prepare(db, std::string(schema::kEntryColumns) + " NOT INDEXED ORDER BY " + order);
        if (!select) return false;
        while (true) {
            const auto row = select->step();
            if (!row) return false;
            if (!*row) return !bad_row_;
            keep(schema::read_entry(*select));
        }
    }

    // An index still names the rows that are gone.
    void read_names(const Db& db, const std::string& order) {
        auto select =
            Statement::prepare(db, "SELECT key, revision FROM entries INDEXED BY entries_key ORDER BY key " + order);
        if (!select) return;
        while (true) {
            const auto row = select->step();
            if (!row || !*row) return;
            const std::string key = select->text(0);
            const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
            if (printable && key.size() < 1024) named_.insert(key);
        }
    }

    // Revisions were given up to here, whatever became of them.
    void read_heads(const Db& db) {
        auto select = Statement::prepare(db, "SELECT space, head, floor, sum FROM spaces");
        if (!select) return;
        while (true) {
            const auto row = select->step();
            if (!row || !*row) return;
            const schema::SpaceRow space{.head = select->integer(1), .floor = select->integer(2)};
            if (select->integer(3) != schema::checksum(static_cast<Space>(select->integer(0)), space)) continue;
            out_.top = std::max(out_.top, space.head);
        }
    }

    void find_lost() {
        for (const std::string& key : named_) {
            if (!out_.entries.contains(key)) out_.lost.insert(key);
        }
    }

   private:
    void keep(Result<Entry> entry) {
        if (!entry) {
            bad_row_ = true;
            return;
        }
        out_.top = std::max(out_.top, entry->revision);
        Entry& newest = out_.entries[entry->key];
        if (entry->revision >= newest.revision) newest = std::move(*entry);
    }

    Salvaged& out_;
    std::set<std::string> named_;
    bool bad_row_ = false;
};

// Every page image of the log becomes a page of the file, for read_pages; SQLite itself stops at the first bad frame.
void append_log(const std::string& path) {
    const std::string log = path + "-wal";
    const std::int64_t size = files::size(log);
    constexpr std::size_t kFrame = kFrameHeader + kPageSize;
    std::uint64_t end = std::uint64_t{pages_of(path)} * kPageSize;
    for (std::uint64_t at = kLogHeader; static_cast<std::int64_t>(at + kFrame) <= size; at += kFrame) {
        (void)files::write(path, end, files::read(log, at + kFrameHeader, kPageSize));
        end += kPageSize;
    }
}

// Reads each leaf page by itself, as if it were the whole table: what leads to it may be gone.
void read_pages(const std::string& path, Reader& reader) {
    mend_header(path, true);
    auto db = Db::open(path);
    if (!db || !db->exec("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA writable_schema=ON")) return;
    auto set_root = Statement::prepare(*db, "UPDATE sqlite_schema SET rootpage = ?1 WHERE name = 'entries'");
    if (!set_root) return;
    const std::uint32_t pages = pages_of(path);
    for (std::uint32_t page = 2; page <= pages; ++page) {
        const std::string type = files::read(path, std::uint64_t{page - 1} * kPageSize, 1);
        if (type.empty() || type[0] != kLeafOfTable) continue;
        if (!set_root->bind(1, page).run() || !db->exec("PRAGMA writable_schema=RESET")) return;
        reader.read_rows(*db, "revision");
        if (!db->exec("PRAGMA writable_schema=ON")) return;
    }
}

// Reads along the tree; true when all of it was whole, and the log too.
bool read_tree(const std::string& path, Reader& reader) {
    auto db = Db::open(path);
    if (!db) return false;
    const bool forward = reader.read_rows(*db, "revision");
    const bool log_whole = !log_lost_commits(path + "-wal", db->checkpoint().value_or(0));
    if (!forward) reader.read_rows(*db, "revision DESC");
    reader.read_heads(*db);
    reader.read_names(*db, "ASC");
    reader.read_names(*db, "DESC");
    return forward && log_whole;
}

}  // namespace

bool header_is_whole(const std::string& path) {
    using namespace std::string_view_literals;
    const std::string header = files::read(path, 0, 100);
    // Magic, page size 4096, log mode for writers and readers, no reserved bytes, fixed fractions; text is UTF-8.
    return header.size() == 100 && header.starts_with("SQLite format 3\0\x10\x00\x02\x02\x00\x40\x20\x20"sv) &&
           big_endian(header, 56) == 1;
}

bool log_lost_commits(const std::string& wal_path, std::uint64_t applied) {
    const std::int64_t size = files::size(wal_path);
    const std::string head = files::read(wal_path, 0, kLogHeader + kFrameHeader);
    if (head.size() < kLogHeader + kFrameHeader) return false;
    // Frames of this round of the log bear the salt of its head, older ones another; without a head, the first frame
    // stands for the round.
    const std::string salt = head.substr(log_head_is_whole(head) ? 16 : kLogHeader + 8, 8);
    constexpr std::size_t kFrame = kFrameHeader + kPageSize;
    int commits = 0;
    for (std::uint64_t at = kLogHeader + applied * kFrame; static_cast<std::int64_t>(at + kFrame) <= size;
         at += kFrame) {
        const std::string frame = files::read(wal_path, at, kFrameHeader);
        if (frame.substr(8, 8) == salt && big_endian(frame, 4) != 0) ++commits;
    }
    return commits >= 2;
}

Salvaged read_damaged(const std::string& path) {
    Salvaged out;
    Reader reader(out);
    const std::string log = path + "-wal", spare_log = path + "-log";
    (void)files::copy(log, spare_log);
    mend_header(path, false);
    if (!read_tree(path, reader)) {
        files::remove(log);
        files::remove(path + "-shm");
        (void)files::rename(spare_log, log);
        append_log(path);
        files::remove(log);
        read_pages(path, reader);
    }
    reader.find_lost();
    files::remove(spare_log);
    return out;
}

}  // namespace drover::store::salvage
