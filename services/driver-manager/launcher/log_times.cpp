#include "driver-manager/launcher/log_times.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "shim/protocol.h"

namespace drover::launcher {

namespace {
constexpr std::uint64_t kMostEntries = 4096;  // looked at for one slice, whatever the file holds
}

LogTimes::LogTimes(int dir, const std::string& name, std::uint64_t number, std::uint64_t start, std::uint64_t end)
    : fd_(::openat(dir, ("." + name + "." + std::to_string(number) + ".times").c_str(),
                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)),
      start_(start),
      end_(end) {
    struct stat st {};
    if (fd_.valid() && ::fstat(fd_.get(), &st) == 0 && S_ISREG(st.st_mode))
        count_ = static_cast<std::uint64_t>(st.st_size) / sizeof(ShimLogTime);
}

wire::LogMark LogTimes::entry(std::uint64_t index) const {
    ShimLogTime raw{};
    if (::pread(fd_.get(), &raw, sizeof raw, static_cast<off_t>(index * sizeof raw)) != sizeof raw) return {};
    return {std::clamp(raw.offset, start_, end_), Instant{raw.at}};
}

// Of the entries, as if they were in order, the first for which it holds; their number when there is none.
std::uint64_t LogTimes::first(bool (*holds)(const wire::LogMark&, std::int64_t), std::int64_t than) const {
    std::uint64_t low = 0;
    for (std::uint64_t high = count_; low < high;) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (holds(entry(middle), than)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

std::uint64_t LogTimes::marks(std::uint64_t from, std::uint64_t to, std::size_t limit,
                              std::vector<wire::LogMark>& out) const {
    const auto behind = [](const wire::LogMark& mark, std::int64_t offset) {
        return mark.offset > static_cast<std::uint64_t>(offset);
    };
    const std::uint64_t next = first(behind, static_cast<std::int64_t>(from));
    std::uint64_t left = kMostEntries;
    for (std::uint64_t i = next > 0 ? next - 1 : 0; i < count_ && left > 0; ++i, --left) {
        const wire::LogMark mark = entry(i);
        if (mark.offset >= to) break;
        if (!out.empty() && mark.offset <= out.back().offset) {
            // Nothing came of that burst; what is out of order was not written by a shim.
            if (mark.offset == out.back().offset) out.back() = mark;
        } else if (out.size() < limit) {
            out.push_back(mark);
        } else {
            return std::max(mark.offset, from);
        }
    }
    return to;
}

std::optional<std::uint64_t> LogTimes::first_since(Instant when) const {
    if (count_ == 0 || entry(0).at >= when) return std::nullopt;
    const auto young = [](const wire::LogMark& mark, std::int64_t ns) { return mark.at.ns >= ns; };
    const std::uint64_t found = first(young, when.ns);
    return found < count_ ? entry(found).offset : end_;
}

}  // namespace drover::launcher
