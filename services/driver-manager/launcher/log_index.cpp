#include "driver-manager/launcher/log_index.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

namespace drover::launcher {

UniqueFd open_plain(int dir, const std::string& name, std::uint64_t* size) {
    UniqueFd fd(::openat(dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat st {};
    if (!fd.valid() || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) return {};
    *size = static_cast<std::uint64_t>(st.st_size);
    return fd;
}

UniqueFd open_log_index(int dir, const std::string& name) {
    std::uint64_t size = 0;
    return open_plain(dir, "." + name + ".index", &size);
}

std::optional<LogIndex> read_log_index(int fd) {
    char text[128];
    const ssize_t size = fd < 0 ? -1 : ::pread(fd, text, sizeof text, 0);
    if (size <= 0) return std::nullopt;
    std::string_view rest(text, static_cast<std::size_t>(size));
    LogIndex out;
    int found = 0;
    for (std::uint64_t* number : {&out.number, &out.start, &out.end, &out.lost}) {
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), *number);
        if (error != std::errc()) break;
        ++found;
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        if (!rest.empty()) rest.remove_prefix(1);
    }
    if (found < 2) return std::nullopt;
    out.counted = found == 4;
    return out;
}

}  // namespace drover::launcher
