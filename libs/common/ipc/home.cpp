#include "ipc/home.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>

#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/proc.hpp"

namespace drover::ipc {

namespace {
constexpr std::size_t kMaxWords = 300;
}

Result<void> claim_home(const std::string& dir) {
    const auto self = os::read_proc(::getpid());
    if (!self) return tl::unexpected(self.error());
    const std::string line = std::to_string(self->pid) + " " + std::to_string(self->start_time) + " " +
                             std::to_string(os::boot_number()) + "\n";
    return os::write_file_atomic(dir + "/" + kDriverRecord, line, 0600, os::Durable::no);
}

UniqueFd open_driver(const std::string& dir) {
    const std::string line = os::read_file(dir + "/" + kDriverRecord, 256).value_or("");
    int pid = 0;
    std::uint64_t start = 0;
    std::uint64_t boot = 0;
    if (std::sscanf(line.c_str(), "%d %" SCNu64 " %" SCNu64, &pid, &start, &boot) != 3 || pid <= 0) return {};
    if (boot != os::boot_number()) return {};
    auto pidfd = os::open_pidfd(pid);
    if (!pidfd) return {};
    // Looked at after the pidfd was opened, so it is the process that the pidfd names.
    const auto stat = os::read_proc(pid);
    return stat && stat->start_time == start && stat->state != 'Z' ? std::move(*pidfd) : UniqueFd();
}

std::string last_words(const std::string& dir) {
    const UniqueFd log(::open((dir + "/" + kDriverLog).c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 2048> bytes{};
    const off_t end = log.valid() ? ::lseek(log.get(), 0, SEEK_END) : 0;
    const off_t from = end > static_cast<off_t>(bytes.size()) ? end - static_cast<off_t>(bytes.size()) : 0;
    const ssize_t n = log.valid() ? ::pread(log.get(), bytes.data(), bytes.size(), from) : 0;
    std::string text(bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    text.erase(text.find_last_not_of(" \r\n") + 1);
    text = text.substr(text.rfind('\n') + 1);
    return text.substr(0, kMaxWords);
}

}  // namespace drover::ipc
