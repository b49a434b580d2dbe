#include "driver-manager/fetch/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "base/units.hpp"
#include "os/below.hpp"

namespace drover::fetch {

namespace {

constexpr std::size_t kBlock = 64 << 10;
constexpr mode_t kPermissions = 0777;

using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;

std::string quoted(const std::string& name) {
    std::string out = name.substr(0, 200);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return "\"" + out + "\"";
}

tl::unexpected<Error> refuse(const std::string& name, const std::string& why) {
    return fail(ErrorKind::refused, "the archive's entry " + quoted(name) + " " + why);
}

class Unpacker {
   public:
    Unpacker(archive* reader, int into, const Bounds& bounds) : reader_(reader), into_(into), left_(bounds) {}

    Result<void> entry(archive_entry* entry) {
        if (left_.entries == 0)
            return fail(ErrorKind::refused, "the archive has more entries than an artifact may have");
        --left_.entries;
        const char* raw = archive_entry_pathname(entry);
        if (raw == nullptr) return fail(ErrorKind::refused, "the archive has an entry without a readable name");
        const std::string name = raw;
        const auto path = os::clean_path(name);
        if (!path) return refuse(name, "leads out of the archive, or is too deep");
        const mode_t type = archive_entry_filetype(entry);
        if (path->empty()) return type == AE_IFDIR ? Result<void>{} : refuse(name, "has no name");
        if (type == AE_IFDIR) return directory(*path, archive_entry_perm(entry));
        const auto place = os::make_place_below(into_, *path, 0755);
        if (!place) return told(name, place.error());
        if (const char* target = archive_entry_hardlink(entry)) return hard_link(name, *place, target);
        if (type == AE_IFLNK) return link(name, *path, *place, archive_entry_symlink(entry));
        if (type == AE_IFREG) return file(name, *place, entry);
        return refuse(name, "is neither a file, a directory nor a link");
    }

   private:
    // A path that leads through a link is the archive's fault, anything else the machine's.
    static Result<void> told(const std::string& name, const Error& error) {
        if (error.kind == ErrorKind::refused) return refuse(name, "leads through a link: " + error.message);
        return fail(error.kind, "cannot unpack " + quoted(name) + ": " + error.message);
    }

    Result<void> directory(const std::string& path, mode_t mode) {
        const auto made = os::make_dirs_below(into_, path, 0755);
        if (!made) return told(path, made.error());
        // Our own entry always, or neither the rest could be unpacked nor all of it removed.
        if (::fchmod(made->get(), (mode & kPermissions) | 0700) != 0)
            return fail_errno("cannot set the mode of " + quoted(path), errno);
        return {};
    }

    static Result<void> link(const std::string& name, const std::string& path, const os::Place& place,
                             const char* target) {
        if (target == nullptr || !stays_inside(path, target)) return refuse(name, "is a link that leads out");
        ::unlinkat(place.dir.get(), place.name.c_str(), 0);
        if (::symlinkat(target, place.dir.get(), place.name.c_str()) != 0)
            return fail_errno("cannot make the link " + quoted(name), errno);
        return {};
    }

    Result<void> hard_link(const std::string& name, const os::Place& place, const std::string& target) const {
        const auto path = os::clean_path(target);
        if (!path || path->empty()) return refuse(name, "is a link that leads out");
        const auto other = os::make_place_below(into_, *path, 0755);
        if (!other) return told(name, other.error());
        struct stat st {};
        if (::fstatat(other->dir.get(), other->name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            return refuse(name, "is a link to what is no file of the archive");
        ::unlinkat(place.dir.get(), place.name.c_str(), 0);
        if (::linkat(other->dir.get(), other->name.c_str(), place.dir.get(), place.name.c_str(), 0) != 0)
            return fail_errno("cannot make the link " + quoted(name), errno);
        return {};
    }

    Result<void> file(const std::string& name, const os::Place& place, archive_entry* entry) {
        struct stat st {};
        if (::fstatat(place.dir.get(), place.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
            return refuse(name, "is a file and a directory");
        const auto out = os::create_in(place, (archive_entry_perm(entry) & kPermissions) | 0600);
        if (!out) return tl::unexpected(out.error());
        std::uint64_t size = 0;
        const void* block = nullptr;
        std::size_t count = 0;
        la_int64_t offset = 0;
        int code = ARCHIVE_OK;
        while ((code = archive_read_data_block(reader_, &block, &count, &offset)) == ARCHIVE_OK) {
            const std::uint64_t end = static_cast<std::uint64_t>(offset) + count;
            // Holes count like data: reading them back would.
            if (offset < 0 || end < count || end > left_.bytes) return too_large();
            if (::pwrite(out->get(), block, count, offset) != static_cast<ssize_t>(count))
                return fail_errno("cannot write " + quoted(name), errno);
            size = std::max(size, end);
        }
        if (code != ARCHIVE_EOF) return refuse(name, "cannot be read: " + reason());
        if (archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) > static_cast<la_int64_t>(size)) {
            size = static_cast<std::uint64_t>(archive_entry_size(entry));
            if (size > left_.bytes) return too_large();
            if (::ftruncate(out->get(), static_cast<off_t>(size)) != 0)
                return fail_errno("cannot write " + quoted(name), errno);
        }
        left_.bytes -= size;
        return {};
    }

    static Result<void> too_large() {
        return fail(ErrorKind::refused, "the archive has more bytes than an artifact may have");
    }

    std::string reason() const {
        const char* text = archive_error_string(reader_);
        return text == nullptr ? "it is damaged" : text;
    }

    archive* reader_;
    int into_;
    Bounds left_;
};

Reader open_reader(int file) {
    Reader reader(archive_read_new(), &archive_read_free);
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_zip(reader.get());
    archive_read_support_filter_gzip(reader.get());
    archive_read_support_filter_xz(reader.get());
    archive_read_support_filter_zstd(reader.get());
    if (::lseek(file, 0, SEEK_SET) != 0 || archive_read_open_fd(reader.get(), file, kBlock) != ARCHIVE_OK)
        return {nullptr, &archive_read_free};
    return reader;
}

}  // namespace

bool is_archive_name(std::string_view name) {
    for (const std::string_view ending : {".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".zip"})
        if (name.ends_with(ending)) return true;
    return false;
}

bool stays_inside(std::string_view path, std::string_view target) {
    if (target.empty() || target.front() == '/' || target.size() > 4096) return false;
    auto depth = std::count(path.begin(), path.end(), '/');
    bool down = false;
    while (!target.empty()) {
        const std::size_t slash = target.find('/');
        const std::string_view name = target.substr(0, slash);
        target.remove_prefix(slash == std::string_view::npos ? target.size() : slash + 1);
        if (name.empty() || name == ".") continue;
        if (name != "..") {
            down = true;
        } else if (down || --depth < 0) {
            return false;
        }
    }
    return true;
}

Result<void> unpack(int file, int into, const Bounds& bounds) {
    const tl::unexpected<Error> no_archive = fail(
        ErrorKind::refused, "it is no archive that could be read; there are tar, also with gz, xz or zst, and zip");
    const Reader reader = open_reader(file);
    if (!reader) return no_archive;
    Unpacker unpacker(reader.get(), into, bounds);
    archive_entry* entry = nullptr;
    bool any = false;
    int code = ARCHIVE_OK;
    while ((code = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK || code == ARCHIVE_WARN) {
        any = true;
        if (const auto done = unpacker.entry(entry); !done) return done;
    }
    if (code != ARCHIVE_EOF) {
        const char* why = archive_error_string(reader.get());
        return any && why != nullptr
                   ? Result<void>(fail(ErrorKind::refused, std::string("the archive is damaged: ") + why))
                   : no_archive;
    }
    return any ? Result<void>{} : no_archive;
}

}  // namespace drover::fetch
