#include "driver-manager/launcher/log_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <vector>

#include "base/unique_fd.hpp"
#include "os/files.hpp"

namespace drover::launcher {

namespace {

constexpr std::size_t kMaxLogFiles = 1 << 20;

struct File {
    std::uint64_t number = 0;
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    UniqueFd fd;
};

struct Index {
    std::uint64_t number = 0;
    std::uint64_t start = 0;
};

UniqueFd open_plain(int dir, const std::string& name, std::uint64_t* size) {
    UniqueFd fd(::openat(dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat st {};
    if (!fd.valid() || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) return {};
    *size = static_cast<std::uint64_t>(st.st_size);
    return fd;
}

// Without an index, or with one that makes no sense, the output begins with the oldest file.
Index read_index(int dir, const std::string& name) {
    std::uint64_t size = 0;
    const UniqueFd fd = open_plain(dir, "." + name + ".index", &size);
    char text[64] = {};
    if (!fd.valid() || ::pread(fd.get(), text, sizeof text - 1, 0) <= 0) return {};
    unsigned long long number = 0;
    unsigned long long start = 0;
    if (std::sscanf(text, "%llu %llu", &number, &start) != 2) return {};
    return {number, start};
}

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

void place(std::vector<File>& files, const Index& index) {
    std::size_t known = 0;
    while (known < files.size() && files[known].number != index.number) ++known;
    if (known == files.size()) known = 0;
    files[known].start = index.start;
    for (std::size_t i = known + 1; i < files.size(); ++i) files[i].start = files[i - 1].start + files[i - 1].size;
    for (std::size_t i = known; i-- > 0;) {
        const std::uint64_t next = files[i + 1].start;
        files[i].start = next > files[i].size ? next - files[i].size : 0;
    }
}

// False when a file vanished in between; then look again.
bool open_files(int dir, const std::string& name, const std::vector<std::uint64_t>& numbers, std::vector<File>& out) {
    out.clear();
    for (const std::uint64_t number : numbers) {
        File file;
        file.number = number;
        file.fd = open_plain(dir, name + "." + std::to_string(number), &file.size);
        if (!file.fd.valid()) return false;
        out.push_back(std::move(file));
    }
    return true;
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

}  // namespace

Result<LogSlice> read_log(const std::string& log_dir, const std::string& task, const std::string& stream,
                          std::int64_t offset, std::size_t limit) {
    const std::string name = task + "." + stream;
    if (!os::is_plain_name(task) || (stream != "stdout" && stream != "stderr")) {
        return fail(ErrorKind::invalid, "\"" + name + "\" is not a log; ask for stdout or stderr of a task");
    }
    const UniqueFd dir(::open(log_dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!dir.valid()) return fail_errno("cannot open the log directory " + log_dir, errno);
    std::vector<File> files;
    Index index;
    for (int tries = 0; tries < 3; ++tries) {
        const Result<std::vector<std::string>> names = os::list_dir(log_dir, kMaxLogFiles);
        if (!names) return tl::unexpected(names.error());
        index = read_index(dir.get(), name);
        if (open_files(dir.get(), name, newest_numbers(*names, name), files)) break;
    }
    LogSlice slice;
    if (files.empty()) return slice;
    place(files, index);
    const std::uint64_t first = files.front().start;
    slice.end = files.back().start + files.back().size;
    std::uint64_t from = static_cast<std::uint64_t>(offset);
    if (offset < 0) {
        const std::uint64_t back = 0 - static_cast<std::uint64_t>(offset);
        from = back < slice.end ? slice.end - back : 0;
    }
    slice.offset = std::clamp(from, first, slice.end);
    read_into(slice, files, limit);
    return slice;
}

}  // namespace drover::launcher
