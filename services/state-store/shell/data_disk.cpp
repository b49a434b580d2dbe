#include "state-store/shell/data_disk.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/check.hpp"
#include "os/files.hpp"
#include "state-store/core/keys.hpp"

namespace drover::store {

namespace {

std::uint64_t free_bytes(const std::string& directory) {
    struct statvfs info {};
    if (::statvfs(directory.c_str(), &info) != 0) return 0;
    return std::uint64_t{info.f_bavail} * info.f_frsize;
}

// Of what the file has, not of how long it says it is.
std::uint64_t allocated_bytes(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_blocks) * 512 : 0;
}

wire::StoreReport to_wire(const DatabaseReport& report) {
    const auto count = [&](Space space) {
        const auto it = report.counts.find(space);
        return it == report.counts.end() ? 0 : it->second;
    };
    wire::StoreReport out;
    out.file = report.file;
    out.bytes = report.bytes;
    out.format = report.format;
    out.revision = report.revision;
    out.objects = count(kStateSpace);
    out.events = count(kEventSpace);
    return out;
}

}  // namespace

DataDisk::DataDisk(rt::Loop& loop, std::string data_dir, Size reserve)
    : loop_(loop), data_dir_(std::move(data_dir)), reserve_(reserve), ended_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    CHECK(ended_.valid());
    watch_ = loop_.on_readable(ended_.get(), [this] { finish(); });
}

DataDisk::~DataDisk() {
    loop_.cancel(watch_);
    stop_ = true;
    if (thread_.joinable()) thread_.join();
}

Result<void> DataDisk::reserve() {
    const std::string path = data_dir_ + "/reserve";
    const std::uint64_t has = allocated_bytes(path);
    if (has >= reserve_.bytes) return {};
    const std::string sentence =
        "disk full: less than " + to_string(Size{2 * reserve_.bytes}) + " are free in " + data_dir_;
    if (free_bytes(data_dir_) + has < 2 * reserve_.bytes) return fail(ErrorKind::io, sentence);
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.valid()) return fail_errno("cannot open " + path, errno);
    const int code = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(reserve_.bytes));
    if (code == 0) return {};
    ::unlink(path.c_str());
    return fail(ErrorKind::io, sentence);
}

bool DataDisk::release() {
    constexpr std::uint64_t kLeast = 64 << 10;  // what an opening and a commit need
    const std::string path = data_dir_ + "/reserve";
    const std::uint64_t half = allocated_bytes(path) / 2;
    if (half == 0) return false;
    return half < kLeast ? ::unlink(path.c_str()) == 0 : ::truncate(path.c_str(), static_cast<off_t>(half)) == 0;
}

Result<std::string> DataDisk::backup_path(const std::string& name) const {
    if (!os::is_plain_name(name)) {
        return fail(ErrorKind::invalid,
                    "a backup is named by a plain file name, such as state-2026-11-30.db, without "
                    "a slash and a dot at its beginning");
    }
    const std::string directory = data_dir_ + "/backups";
    if (auto made = os::make_dir(directory, 0700); !made) return tl::unexpected(made.error());
    const std::uint64_t needed = allocated_bytes(data_dir_ + std::string(kDatabase)) + 2 * reserve_.bytes;
    if (free_bytes(data_dir_) < needed) {
        return fail(ErrorKind::unavailable, "disk full: a backup needs " + to_string(Size{needed}) + " of room in " +
                                                data_dir_ + ", and what is reserved there");
    }
    return directory + "/" + name;
}

void DataDisk::back_up(const std::string& name, Done done) {
    const auto target = backup_path(name);
    if (!target) return done(tl::unexpected(target.error()));
    run([this, target = *target,
         now = loop_.now()] { return store::back_up(data_dir_ + std::string(kDatabase), target, now, stop_); },
        std::move(done));
}

void DataDisk::check(Done done) {
    run([this] { return check_living(data_dir_ + std::string(kDatabase), stop_); }, std::move(done));
}

void DataDisk::run(Work work, Done done) {
    if (thread_.joinable()) {
        return done(fail(ErrorKind::unavailable, "a backup or a check is under way; ask again when it has ended"));
    }
    done_ = std::move(done);
    thread_ = std::thread([this, work = std::move(work)] {
        result_ = work();
        const std::uint64_t one = 1;
        (void)!::write(ended_.get(), &one, sizeof one);
    });
}

void DataDisk::finish() {
    std::uint64_t count = 0;
    if (::read(ended_.get(), &count, sizeof count) < 0) return;
    thread_.join();
    const Done done = std::exchange(done_, nullptr);
    const Result<DatabaseReport> result = std::move(result_);
    done(result ? Result<wire::StoreReport>(to_wire(*result)) : tl::unexpected(result.error()));
}

}  // namespace drover::store
