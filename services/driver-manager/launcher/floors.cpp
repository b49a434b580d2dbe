#include "driver-manager/launcher/floors.hpp"

#include <charconv>

#include "os/files.hpp"

namespace drover::launcher {

std::string Floors::path(const std::string& alloc, const std::string& task) const {
    return state_dir_ + "/" + alloc + "/" + task + "/floor";
}

Result<void> Floors::load(const std::string& alloc, const std::string& task) {
    const std::string file = path(alloc, task);
    const Result<std::string> text = os::read_file(file, 64);
    if (!text && text.error().kind == ErrorKind::not_found) return {};
    if (!text) return tl::unexpected(text.error());
    std::uint64_t seq = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, code] = std::from_chars(text->data(), end, seq);
    if (code != std::errc() || stop == end || *stop != '\n') {
        return fail(ErrorKind::corrupt, file + " is damaged");
    }
    floors_[{alloc, task}] = seq;
    return {};
}

Result<void> Floors::raise(const std::string& alloc, const std::string& task, std::uint64_t seq) {
    if (seq <= of(alloc, task)) return {};
    if (!os::is_plain_name(alloc) || !os::is_plain_name(task)) {
        return fail(ErrorKind::invalid, "\"" + alloc + "/" + task + "\" cannot name a directory");
    }
    if (const Result<void> made = make_task_dir(state_dir_, alloc, task); !made) return made;
    const std::string text = std::to_string(seq) + "\n";
    Result<void> written = os::write_file_atomic(path(alloc, task), text, 0600, os::Durable::yes);
    // The first one of a task: its directories may be as new as the file.
    if (written && of(alloc, task) == 0) written = os::sync_dir(state_dir_ + "/" + alloc);
    if (written && of(alloc, task) == 0) written = os::sync_dir(state_dir_);
    if (written) floors_[{alloc, task}] = seq;
    return written;
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
