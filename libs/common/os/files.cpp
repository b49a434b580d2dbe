#include "os/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/unique_fd.hpp"

namespace drover::os {

namespace {

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("cannot write " + path, errno);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid()) return fail_errno("cannot open " + path, errno);
    std::string out;
    std::size_t used = 0;
    while (true) {
        out.resize(std::min(limit + 1, std::max<std::size_t>(used * 2, 4096)));
        const ssize_t n = ::read(fd.get(), out.data() + used, out.size() - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("cannot read " + path, errno);
        used += static_cast<std::size_t>(n);
        if (used > limit) {
            return fail(ErrorKind::invalid, path + " is larger than " + std::to_string(limit) + " bytes");
        }
        if (n == 0) break;
    }
    out.resize(used);
    return out;
}

Result<void> write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode, Durable durable) {
    const std::string tmp = path + ".tmp";
    ::unlink(tmp.c_str());
    const UniqueFd fd(::open(tmp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd.valid()) return fail_errno("cannot create " + tmp, errno);
    Result<void> done = write_all(fd.get(), bytes, tmp);
    if (done && ::fchmod(fd.get(), mode) != 0) done = fail_errno("cannot set the mode of " + tmp, errno);
    if (done && durable == Durable::yes && ::fsync(fd.get()) != 0) done = fail_errno("cannot sync " + tmp, errno);
    if (done && ::rename(tmp.c_str(), path.c_str()) != 0) done = fail_errno("cannot rename to " + path, errno);
    if (!done) {
        ::unlink(tmp.c_str());
        return done;
    }
    return durable == Durable::yes ? sync_dir(parent_of(path)) : done;
}

Result<void> write_control(const std::string& path, std::string_view bytes) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd.valid()) return fail_errno("cannot open " + path, errno);
    if (::write(fd.get(), bytes.data(), bytes.size()) < 0) {
        return fail_errno("cannot write \"" + std::string(bytes) + "\" to " + path, errno);
    }
    return {};
}

Result<bool> make_dir(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), 0700) != 0) {
        const int code = errno;
        struct stat st {};
        if (code == EEXIST && ::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) return false;
        return fail_errno("cannot create the directory " + path, code);
    }
    // Not by mkdir, whose mode passes through the umask, and by descriptor, because somebody may put a link there in
    // between.
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid() || ::fchmod(fd.get(), mode) != 0) return fail_errno("cannot set the mode of " + path, errno);
    return true;
}

Result<std::vector<std::string>> list_dir(const std::string& path, std::size_t limit) {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), &::closedir);
    if (!dir) return fail_errno("cannot open the directory " + path, errno);
    std::vector<std::string> names;
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(dir.get());
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        if (names.size() == limit) {
            return fail(ErrorKind::invalid, path + " has more than " + std::to_string(limit) + " entries");
        }
        names.emplace_back(name);
    }
    if (errno != 0) return fail_errno("cannot read the directory " + path, errno);
    std::sort(names.begin(), names.end());
    return names;
}

Result<void> sync_dir(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) return fail_errno("cannot open the directory " + path, errno);
    if (::fsync(fd.get()) != 0) return fail_errno("cannot sync the directory " + path, errno);
    return {};
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<void> check_private(const std::string& path, const std::string& what) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return fail_errno("cannot read " + what + " " + path, errno);
    if ((info.st_mode & 077U) == 0) return {};
    return fail(ErrorKind::refused, "others may read " + what + " " + path + "; run chmod 600 on it");
}

bool is_plain_name(std::string_view name) {
    if (name.empty() || name.size() > 128 || name.front() == '.') return false;
    return std::none_of(name.begin(), name.end(),
                        [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace drover::os
