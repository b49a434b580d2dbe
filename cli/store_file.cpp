#include "cli/store_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/unique_fd.hpp"

namespace drover::cli {

Result<NewFile> NewFile::make(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) return NewFile(path, fd);
    if (errno == EEXIST) {
        return fail(ErrorKind::conflict, "there is a file " + path + " already; choose another name or remove it");
    }
    return fail_errno("cannot make " + path, errno);
}

NewFile::NewFile(NewFile&& other) noexcept : path_(std::exchange(other.path_, "")), fd_(std::exchange(other.fd_, -1)) {}

NewFile::~NewFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
    if (fd_ >= 0) ::close(fd_);
}

Result<void> NewFile::take(const std::string& from) {
    const UniqueFd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!source.valid()) {
        return fail_errno("the backup was made on the state-store's machine and stays there as " + from +
                              "; it cannot be read from here",
                          errno);
    }
    std::array<char, 1 << 16> buffer;
    while (true) {
        const ssize_t got = ::read(source.get(), buffer.data(), buffer.size());
        if (got < 0) return fail_errno("cannot read " + from, errno);
        if (got == 0) break;
        for (ssize_t done = 0; done < got;) {
            const ssize_t put = ::write(fd_, buffer.data() + done, static_cast<std::size_t>(got - done));
            if (put < 0) return fail_errno("cannot write " + path_ + "; the backup stays as " + from, errno);
            done += put;
        }
    }
    if (::fsync(fd_) != 0) return fail_errno("cannot write " + path_ + "; the backup stays as " + from, errno);
    path_.clear();
    ::unlink(from.c_str());
    return {};
}

}  // namespace drover::cli
