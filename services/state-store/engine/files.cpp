#include "state-store/engine/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/unique_fd.hpp"

namespace drover::store::files {

namespace {

constexpr std::size_t kBlock = 4096;

std::string folder(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

UniqueFd open(const std::string& path, int flags) { return UniqueFd(::open(path.c_str(), flags | O_CLOEXEC, 0600)); }

}  // namespace

std::int64_t size(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_size : -1;
}

bool exists(const std::string& path) { return size(path) >= 0; }

void remove(const std::string& path) { ::unlink(path.c_str()); }

Result<void> sync(const std::string& path) {
    const UniqueFd fd = open(path, O_RDONLY);
    if (!fd.valid() || ::fsync(fd.get()) != 0) return fail_errno("cannot make " + path + " durable", errno);
    return {};
}

Result<void> rename(const std::string& from, const std::string& to) {
    if (!exists(from)) return {};
    if (::rename(from.c_str(), to.c_str()) != 0) return fail_errno("cannot rename " + from + " to " + to, errno);
    return sync(folder(to));
}

Result<void> publish(const std::string& from, const std::string& to) {
    if (::link(from.c_str(), to.c_str()) != 0) {
        if (errno == EEXIST) return fail(ErrorKind::conflict, "there is a file " + to + " already");
        return fail_errno("cannot make " + to, errno);
    }
    remove(from);
    return sync(folder(to));
}

std::string read(const std::string& path, std::uint64_t offset, std::size_t length) {
    const UniqueFd fd = open(path, O_RDONLY);
    const std::int64_t end = size(path);
    if (!fd.valid() || end < 0 || offset >= static_cast<std::uint64_t>(end)) return {};
    std::string out(std::min<std::uint64_t>(length, static_cast<std::uint64_t>(end) - offset), '\0');
    for (std::size_t at = 0; at < out.size();) {
        const std::size_t want = std::min(kBlock, out.size() - at);
        const ssize_t got = ::pread(fd.get(), out.data() + at, want, static_cast<off_t>(offset + at));
        at += got > 0 ? static_cast<std::size_t>(got) : want;
    }
    return out;
}

Result<void> write(const std::string& path, std::uint64_t offset, std::string_view bytes) {
    const UniqueFd fd = open(path, O_WRONLY | O_CREAT);
    if (!fd.valid()) return fail_errno("cannot open " + path, errno);
    while (!bytes.empty()) {
        const ssize_t put = ::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put <= 0) return fail_errno("cannot write " + path, errno);
        offset += static_cast<std::uint64_t>(put);
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
}

Result<void> copy(const std::string& from, const std::string& to) {
    remove(to);
    const std::int64_t end = size(from);
    if (end < 0) return {};
    if (auto ok = write(to, 0, ""); !ok) return ok;
    constexpr std::size_t kChunk = 1 << 20;
    for (std::uint64_t at = 0; at < static_cast<std::uint64_t>(end); at += kChunk) {
        if (auto ok = write(to, at, read(from, at, kChunk)); !ok) return ok;
    }
    return {};
}

}  // namespace drover::store::files
