#include "driver-manager/templates/memory.hpp"

#include <algorithm>
#include <charconv>

namespace drover::templates {
namespace {

constexpr std::string_view kHead = "templates 1";

// The next word; the rest of the line stays.
std::string_view word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view out = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return out;
}

template <class T>
bool number(std::string_view& line, T& to) {
    const std::string_view text = word(line);
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), to);
    return code == std::errc() && end == text.data() + text.size();
}

bool mode(std::string_view& line, wire::ChangeMode& to) {
    const auto& names = wire::EnumNames<wire::ChangeMode>::kNames;
    const auto found = std::find(names.begin(), names.end(), word(line));
    if (found != names.end()) to = static_cast<wire::ChangeMode>(found - names.begin());
    return found != names.end();
}

bool read_change(std::string_view line, Memory& memory) {
    Change change;
    if (!number(line, change.number) || !mode(line, change.mode) || !number(line, change.due_at.ns)) return false;
    change.signal = word(line);
    if (change.signal == "-") change.signal.clear();
    change.destination = line;
    memory.pending.push_back(std::move(change));
    return !line.empty();
}

bool read_line(std::string_view line, Memory& memory) {
    const std::string_view kind = word(line);
    if (kind == "number") return number(line, memory.number);
    if (kind == "change") return read_change(line, memory);
    if (kind == "failures") {
        const bool good = number(line, memory.failures);
        memory.error = line;
        return good && memory.failures > 0;
    }
    Kept kept;
    if (kind != "render" || !number(line, kept.hash) || !number(line, kept.stale_since.ns)) return false;
    return memory.renders.emplace(line, kept).second;
}

}  // namespace

std::string to_text(const Memory& memory) {
    std::string out = std::string(kHead) + "\nnumber " + std::to_string(memory.number) + "\n";
    for (const auto& [destination, kept] : memory.renders) {
        out += "render " + std::to_string(kept.hash) + " " + std::to_string(kept.stale_since.ns) + " " + destination +
               "\n";
    }
    for (const Change& change : memory.pending) {
        out += "change " + std::to_string(change.number) + " " + std::string(wire::to_string(change.mode)) + " " +
               std::to_string(change.due_at.ns) + " " + (change.signal.empty() ? "-" : change.signal) + " " +
               change.destination + "\n";
    }
    if (memory.failures > 0) out += "failures " + std::to_string(memory.failures) + " " + memory.error + "\n";
    return out;
}

Result<Memory> parse_memory(std::string_view text) {
    Memory memory;
    bool good = text.starts_with(kHead) && text.ends_with('\n');
    if (good) text.remove_prefix(kHead.size() + 1);
    while (good && !text.empty()) {
        const std::size_t end = text.find('\n');
        good = end != std::string_view::npos && read_line(text.substr(0, end), memory);
        text.remove_prefix(good ? end + 1 : 0);
    }
    if (!good) return fail(ErrorKind::corrupt, "what was remembered of the templates is damaged");
    return memory;
}

}  // namespace drover::templates
