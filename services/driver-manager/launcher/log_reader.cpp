#include "driver-manager/launcher/log_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

#include "base/unique_fd.hpp"
#include "driver-manager/launcher/log_index.hpp"
#include "driver-manager/launcher/log_times.hpp"
#include "os/files.hpp"

namespace drover::launcher {

namespace {

constexpr std::size_t kMaxLogFiles = 1 << 20;
constexpr std::size_t kLongestLine = 64 << 10;
constexpr int kMostLooks = 8;

Instant wall_clock() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return Instant{std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count()};
}

struct File {
    std::uint64_t number = 0;
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    UniqueFd fd;
};

// The newest files without a hole between them, the oldest first.
std::vector<std::uint64_t> newest_numbers(const std::vector<std::string>& names, const std::string& name) {
    std::vector<std::uint64_t> numbers;
    for (const std::string& entry : names) {
        if (!entry.starts_with(name + ".")) continue;
        std::uint64_t number = 0;
        const char* const end = entry.data() + entry.size();
        if (std::from_chars(entry.data() + name.size() + 1, end, number).ptr == end) numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    std::size_t first = numbers.empty() ? 0 : numbers.size() - 1;
    while (first > 0 && numbers[first - 1] + 1 == numbers[first]) --first;
    numbers.erase(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(first));
    return numbers;
}

// What a rotation has removed meanwhile was older than the rest.
std::vector<File> open_files(int dir, const std::string& name, const std::vector<std::uint64_t>& numbers) {
    std::vector<File> out;
    for (const std::uint64_t number : numbers) {
        File file;
        file.number = number;
        file.fd = open_plain(dir, name + "." + std::to_string(number), &file.size);
        if (file.fd.valid()) {
            out.push_back(std::move(file));
        } else {
            out.clear();
        }
    }
    return out;
}

// Without an index the output begins with the oldest file. A file that the index does not know is still being filled
// with what moves there from the one before. False when the rotations have passed the index by: then look again.
bool place(std::vector<File>& files, const std::optional<LogIndex>& index) {
    if (files.empty()) return !index;
    std::size_t known = 0;
    if (index) {
        while (known < files.size() && files[known].number != index->number) ++known;
        if (known == files.size()) return false;
        files.resize(known + 1);
        files[known].start = index->start;
    }
    for (std::size_t i = known + 1; i < files.size(); ++i) files[i].start = files[i - 1].start + files[i - 1].size;
    for (std::size_t i = known; i-- > 0;) {
        const std::uint64_t next = files[i + 1].start;
        files[i].start = next > files[i].size ? next - files[i].size : 0;
    }
    return true;
}

// All files of a log, each where it belongs in the whole output.
Result<std::vector<File>> find_files(int dir, const std::string& log_dir, const std::string& name) {
    for (int tries = 0; tries < kMostLooks; ++tries) {
        // In this order: what the index knows is there, unless it was removed since.
        const std::optional<LogIndex> index = read_log_index(open_log_index(dir, name).get());
        const Result<std::vector<std::string>> names = os::list_dir(log_dir, kMaxLogFiles);
        if (!names) return tl::unexpected(names.error());
        std::vector<File> files = open_files(dir, name, newest_numbers(*names, name));
        if (place(files, index)) return files;
    }
    return fail(ErrorKind::unavailable, "the log " + name + " in " + log_dir +
                                            " is rotated faster than it can be read, or files of it were removed; ask "
                                            "for larger or more files");
}

void read_into(LogSlice& slice, const std::vector<File>& files, std::size_t limit) {
    for (const File& file : files) {
        const std::uint64_t at = slice.offset + slice.data.size();
        if (at >= file.start + file.size || at < file.start || slice.data.size() >= limit) continue;
        const std::uint64_t left = file.start + file.size - at;
        const std::size_t want = std::min<std::size_t>(limit - slice.data.size(), left);
        const std::size_t used = slice.data.size();
        slice.data.resize(used + want);
        const ssize_t n = ::pread(file.fd.get(), slice.data.data() + used, want, static_cast<off_t>(at - file.start));
        slice.data.resize(used + (n > 0 ? static_cast<std::size_t>(n) : 0));
        if (n != static_cast<ssize_t>(want)) return;
    }
}

// Where the first whole line begins that was written at `when` or later.
std::uint64_t find_since(int dir, const std::string& name, const std::vector<File>& files, Instant when) {
    std::uint64_t from = files.front().start;
    for (auto file = files.rbegin(); file != files.rend(); ++file) {
        const LogTimes times(dir, name, file->number, file->start, file->start + file->size);
        const auto found = times.first_since(when);
        if (!found) continue;
        from = *found;
        break;
    }
    if (from == files.front().start) return from;
    LogSlice before;
    before.offset = from - 1;
    read_into(before, files, kLongestLine);
    const std::size_t line = before.data.find('\n');
    return line == std::string::npos ? from : from + line;
}

void add_marks(int dir, const std::string& name, const std::vector<File>& files, LogSlice& slice) {
    std::uint64_t to = slice.offset + slice.data.size();
    for (const File& file : files) {
        const std::uint64_t end = file.start + file.size;
        if (end <= slice.offset || file.start >= to) continue;
        const LogTimes times(dir, name, file.number, file.start, end);
        const std::uint64_t upto = std::min(end, to);
        const std::uint64_t enough = times.marks(std::max(slice.offset, file.start), upto, kMaxMarks, slice.marks);
        if (enough < upto) to = enough;
    }
    slice.data.resize(to - slice.offset);
}

}  // namespace

Result<LogSlice> read_log(const std::string& log_dir, const std::string& task, const std::string& stream,
                          const LogWanted& wanted) {
    const std::string name = task + "." + stream;
    if (!os::is_plain_name(task) || (stream != "stdout" && stream != "stderr")) {
        return fail(ErrorKind::invalid, "\"" + name + "\" is not a log; ask for stdout or stderr of a task");
    }
    const UniqueFd dir(::open(log_dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!dir.valid()) return fail_errno("cannot open the log directory " + log_dir, errno);
    LogSlice slice;
    // Before the look: whatever comes after it is younger.
    slice.now = wall_clock();
    const auto found = find_files(dir.get(), log_dir, name);
    if (!found) return tl::unexpected(found.error());
    const std::vector<File>& files = *found;
    if (files.empty()) return slice;
    const std::uint64_t first = files.front().start;
    slice.end = files.back().start + files.back().size;
    std::uint64_t from = static_cast<std::uint64_t>(wanted.offset);
    if (wanted.offset < 0) {
        const std::uint64_t back = 0 - static_cast<std::uint64_t>(wanted.offset);
        from = back < slice.end ? slice.end - back : 0;
    }
    if (wanted.since.ns > 0) from = std::max(from, find_since(dir.get(), name, files, wanted.since));
    slice.offset = std::clamp(from, first, slice.end);
    read_into(slice, files, wanted.limit);
    if (wanted.marks) add_marks(dir.get(), name, files, slice);
    return slice;
}

}  // namespace drover::launcher
