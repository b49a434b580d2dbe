#include "driver-manager/launcher/log_gauge.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver-manager/launcher/log_index.hpp"

namespace drover::launcher {

LogGauge::LogGauge(std::string log_dir, const std::string& task)
    : log_dir_(std::move(log_dir)), names_{task + ".stdout", task + ".stderr"} {}

std::array<LogCount, 2> LogGauge::look() {
    ++looks_;
    return {look(0), look(1)};
}

LogCount LogGauge::look(std::size_t stream) {
    UniqueFd& fd = fds_[stream];
    struct stat st {};
    // A task may have removed it, and the next incarnation made another.
    if (fd.valid() && looks_ % kStale == 0 && (::fstat(fd.get(), &st) != 0 || st.st_nlink == 0)) fd = UniqueFd();
    if (!fd.valid()) {
        const UniqueFd dir(::open(log_dir_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!dir.valid()) return {};
        fd = open_log_index(dir.get(), names_[stream]);
    }
    const auto index = read_log_index(fd.get());
    return index ? LogCount{index->end, index->lost, index->counted} : LogCount{};
}

}  // namespace drover::launcher
