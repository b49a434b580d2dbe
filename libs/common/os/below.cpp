#include "os/below.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace drover::os {

namespace {

constexpr std::size_t kMaxPath = 4096;
constexpr int kMaxComponents = 64;
constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

}  // namespace

std::optional<std::string> clean_path(std::string_view path) {
    if (path.size() > kMaxPath || path.starts_with('/') || path.find('\0') != std::string_view::npos) return {};
    std::string out;
    int components = 0;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        const std::string_view name = path.substr(0, slash);
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
        if (name == ".." || components == kMaxComponents) return {};
        if (name.empty() || name == ".") continue;
        ++components;
        out.append(out.empty() ? "" : "/").append(name);
    }
    return out;
}

Result<UniqueFd> make_dirs_below(int dir, const std::string& path, mode_t mode) {
    UniqueFd at(::openat(dir, ".", kDirectory));
    if (!at.valid()) return fail_errno("cannot open a directory", errno);
    for (std::size_t from = 0; from < path.size();) {
        const std::size_t end = std::min(path.find('/', from), path.size());
        const std::string name = path.substr(from, end - from);
        from = end + 1;
        if (::mkdirat(at.get(), name.c_str(), mode) != 0 && errno != EEXIST) {
            return fail_errno("cannot create the directory " + path.substr(0, end), errno);
        }
        UniqueFd next(::openat(at.get(), name.c_str(), kDirectory));
        if (!next.valid() && (errno == ELOOP || errno == ENOTDIR)) {
            return fail(ErrorKind::refused, path.substr(0, end) + " is no directory; a link is not followed");
        }
        if (!next.valid()) return fail_errno("cannot open the directory " + path.substr(0, end), errno);
        at = std::move(next);
    }
    return at;
}

Result<Place> make_place_below(int dir, const std::string& path, mode_t mode) {
    const std::size_t slash = path.rfind('/');
    const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
    Result<UniqueFd> parent = make_dirs_below(dir, path.substr(0, name == 0 ? 0 : slash), mode);
    if (!parent) return tl::unexpected(parent.error());
    return Place{std::move(*parent), path.substr(name)};
}

Result<UniqueFd> create_in(const Place& place, mode_t mode) {
    if (::unlinkat(place.dir.get(), place.name.c_str(), 0) != 0 && errno != ENOENT) {
        return fail_errno("cannot replace " + place.name, errno);
    }
    UniqueFd fd(
        ::openat(place.dir.get(), place.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.valid() || ::fchmod(fd.get(), mode) != 0) return fail_errno("cannot create " + place.name, errno);
    return fd;
}

Result<void> write_file_below(int dir, const std::string& path, std::string_view bytes, mode_t mode, mode_t dir_mode) {
    const Result<Place> place = make_place_below(dir, path, dir_mode);
    if (!place) return tl::unexpected(place.error());
    const Result<UniqueFd> file = create_in(*place, mode);
    if (!file) return tl::unexpected(file.error());
    while (!bytes.empty()) {
        const ssize_t n = ::write(file->get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("cannot write " + path, errno);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

}  // namespace drover::os
