#include "driver-manager/fetch/local.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/units.hpp"

namespace drover::fetch {

Result<void> copy_file(const std::string& path, int file, std::uint64_t max_bytes) {
    const UniqueFd from(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat st {};
    if (!from.valid() || ::fstat(from.get(), &st) != 0)
        return fail(ErrorKind::unavailable, fail_errno("cannot open " + path, errno).value().message);
    if (!S_ISREG(st.st_mode)) return fail(ErrorKind::refused, path + " is no plain file");
    std::vector<char> chunk(256 << 10);
    std::uint64_t copied = 0;
    while (true) {
        const ssize_t n = ::read(from.get(), chunk.data(), chunk.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("cannot read " + path, errno);
        if (n == 0) return {};
        copied += static_cast<std::uint64_t>(n);
        if (copied > max_bytes)
            return fail(ErrorKind::refused,
                        path + " is larger than the " + to_string(Size{max_bytes}) + " that an artifact may have");
        if (::write(file, chunk.data(), static_cast<std::size_t>(n)) != n)
            return fail_errno("cannot write the copy of " + path, errno);
    }
}

}  // namespace drover::fetch
