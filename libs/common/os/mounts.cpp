#include "os/mounts.hpp"

#include "os/files.hpp"

namespace drover::os {

namespace {

std::string_view next_word(std::string_view& line) {
    const std::size_t space = line.find(' ');
    const std::string_view word = line.substr(0, space);
    line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
    return word;
}

// Blanks and backslashes in paths are written as three octal digits: "\040".
std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace

std::vector<Mount> parse_mounts(std::string_view mountinfo) {
    std::vector<Mount> out;
    while (!mountinfo.empty()) {
        const std::size_t end = mountinfo.find('\n');
        std::string_view line = mountinfo.substr(0, end);
        mountinfo.remove_prefix(end == std::string_view::npos ? mountinfo.size() : end + 1);
        const std::size_t dash = line.find(" - ");
        if (dash == std::string_view::npos) continue;
        std::string_view tail = line.substr(dash + 3);
        for (int skipped = 0; skipped < 3; ++skipped) next_word(line);
        Mount mount;
        mount.root = unescape(next_word(line));
        mount.path = unescape(next_word(line));
        mount.shared = line.find("shared:") != std::string_view::npos;
        mount.type = next_word(tail);
        mount.source = unescape(next_word(tail));
        mount.options = next_word(tail);
        if (!mount.path.empty()) out.push_back(std::move(mount));
    }
    return out;
}

const Mount* mount_of(const std::vector<Mount>& mounts, std::string_view path) {
    const Mount* found = nullptr;
    for (const Mount& mount : mounts) {
        const std::string_view at = mount.path == "/" ? std::string_view() : std::string_view(mount.path);
        const bool holds = path.starts_with(at) && (path.size() == at.size() || path[at.size()] == '/');
        // Of two at the same place the later one hides the other.
        if (holds && (!found || mount.path.size() >= found->path.size())) found = &mount;
    }
    return found;
}

std::vector<Mount> read_mounts() {
    return parse_mounts(read_file("/proc/self/mountinfo", 16 << 20).value_or(std::string()));
}

}  // namespace drover::os
