#include "driver-manager/launcher/floors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/hash.hpp"
#include "os/files.hpp"

namespace drover::launcher {

namespace {

constexpr std::size_t kMaxJournal = std::size_t{512} << 20;
constexpr std::size_t kCheckDigits = 16;
constexpr std::size_t kSlack = 4096;  // lines that say nothing any more
constexpr int kAppend = O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC;

// The names are plain: no control character is part of them. 0 is the number of a task that is gone.
std::string line_of(const std::pair<std::string, std::string>& task, std::uint64_t seq) {
    const std::string text = std::to_string(seq) + "\t" + task.first + "\t" + task.second;
    return to_hex(stable_hash(text)) + text + "\n";
}

}  // namespace

bool Floors::take_line(std::string_view line) {
    if (line.size() < kCheckDigits || to_hex(stable_hash(line.substr(kCheckDigits))) != line.substr(0, kCheckDigits))
        return false;
    line.remove_prefix(kCheckDigits);
    std::uint64_t seq = 0;
    const char* const end = line.data() + line.size();
    const char* const stop = std::from_chars(line.data(), end, seq).ptr;
    line.remove_prefix(static_cast<std::size_t>(stop - line.data()));
    const std::size_t split = line.find('\t', 1);
    if (split == std::string_view::npos) return false;
    const std::pair<std::string, std::string> task{line.substr(1, split - 1), line.substr(split + 1)};
    if (!os::is_plain_name(task.first) || !os::is_plain_name(task.second)) return false;
    if (seq == 0) {
        floors_.erase(task);
    } else {
        floors_[task] = seq;
    }
    return true;
}

Result<bool> Floors::load() {
    const Result<std::string> text = os::read_file(path(), kMaxJournal);
    if (!text && text.error().kind == ErrorKind::not_found) return true;
    if (!text) return tl::unexpected(text.error());
    bool whole = true;
    for (std::string_view rest = *text; !rest.empty(); ++lines_) {
        // The rest of a write that a crash cut short was never acknowledged, but looks like any other damage.
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        whole = take_line(rest.substr(0, end)) && end < rest.size() && whole;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (whole) journal_ = UniqueFd(::open(path().c_str(), kAppend));
    return whole;
}

Result<void> Floors::raise(const Numbers& wanted) {
    std::string lines;
    Numbers raised = floors_;
    for (const auto& [task, seq] : wanted) {
        if (seq <= of(task.first, task.second)) continue;
        if (!os::is_plain_name(task.first) || !os::is_plain_name(task.second)) {
            return fail(ErrorKind::invalid, "\"" + task.first + "/" + task.second + "\" cannot name a directory");
        }
        raised[task] = seq;
        lines += line_of(task, seq);
    }
    if (lines.empty()) return {};
    const bool fits = journal_.valid() && lines_ < kSlack + 2 * floors_.size();
    Result<void> done = fits ? append(lines) : rewrite(raised);
    if (done && ::fdatasync(journal_.get()) != 0) done = fail_errno("cannot sync " + path(), errno);
    if (done) {
        floors_ = std::move(raised);
    } else {
        // Nobody knows how much of it is in the file.
        journal_.reset();
    }
    return done;
}

void Floors::forget(const std::string& alloc, const std::string& task) {
    if (floors_.erase({alloc, task}) == 0 || !journal_.valid()) return;
    if (!append(line_of({alloc, task}, 0))) journal_.reset();
}

Result<void> Floors::append(const std::string& lines) {
    const ssize_t n = ::write(journal_.get(), lines.data(), lines.size());
    if (n < 0) return fail_errno("cannot write " + path(), errno);
    if (static_cast<std::size_t>(n) < lines.size()) return fail_errno("cannot write " + path(), ENOSPC);
    lines_ += static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
    return {};
}

Result<void> Floors::rewrite(const Numbers& floors) {
    std::string lines;
    for (const auto& [task, seq] : floors) lines += line_of(task, seq);
    journal_.reset();
    if (auto written = os::write_file_atomic(path(), lines, 0600, os::Durable::yes); !written) return written;
    journal_ = UniqueFd(::open(path().c_str(), kAppend));
    if (!journal_.valid()) return fail_errno("cannot open " + path(), errno);
    lines_ = floors.size();
    return {};
}

std::uint64_t Floors::of(const std::string& alloc, const std::string& task) const {
    const auto it = floors_.find({alloc, task});
    return it == floors_.end() ? 0 : it->second;
}

Result<void> make_task_dir(const std::string& state_dir, const std::string& alloc, const std::string& task) {
    Result<bool> made = os::make_dir(state_dir + "/" + alloc, 0700);
    if (made) made = os::make_dir(state_dir + "/" + alloc + "/" + task, 0700);
    if (!made) return tl::unexpected(made.error());
    return {};
}

}  // namespace drover::launcher
