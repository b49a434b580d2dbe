#include "driver-manager/core/session_notes.hpp"

#include <algorithm>

namespace drover::driver_manager {
namespace {

constexpr std::size_t kMaxText = 200;
constexpr std::int32_t kCutOff = -1;

bool is_plain(char c) {
    constexpr std::string_view kPlain = "%+,-./:=@_";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kPlain.find(c) != std::string_view::npos || static_cast<unsigned char>(c) >= 0x80;
}

std::string quoted(const std::string& word) {
    if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return word;
    std::string out = "'";
    for (const char c : word) {
        const bool printable = static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
        if (c == '\'') out += "'\\''";
        if (c != '\'') out += printable ? c : '?';
    }
    return out + "'";
}

// The beginning of one that has no end yet; null: there is none.
const wire::SessionNote* find_open(const SessionNotes& notes, const std::string& session) {
    const wire::SessionNote* found = nullptr;
    for (const wire::SessionNote& note : notes)
        if (note.session == session) found = note.over ? nullptr : &note;
    return found;
}

// The oldest goes that nobody needs for an end.
void add(SessionNotes& notes, wire::SessionNote note) {
    note.number = notes.empty() ? 1 : notes.back().number + 1;
    if (notes.size() >= kMaxSessionNotes) {
        const auto spare = std::find_if(notes.begin(), notes.end(), [&](const wire::SessionNote& one) {
            return find_open(notes, one.session) == nullptr;
        });
        notes.erase(spare == notes.end() ? notes.begin() : spare);
    }
    notes.push_back(std::move(note));
}

}  // namespace

bool knows_session(const SessionNotes& notes, const std::string& session) {
    return std::any_of(notes.begin(), notes.end(),
                       [&](const wire::SessionNote& note) { return note.session == session; });
}

std::size_t open_sessions(const SessionNotes& notes) {
    return static_cast<std::size_t>(std::count_if(notes.begin(), notes.end(), [&](const wire::SessionNote& note) {
        return find_open(notes, note.session) == &note;
    }));
}

void begin_session(SessionNotes& notes, Instant now, const std::string& session, const std::string& by,
                   const std::vector<std::string>& command) {
    wire::SessionNote note;
    note.session = session;
    note.by = by;
    note.command = command_text(command);
    note.at = now;
    add(notes, std::move(note));
}

void end_session(SessionNotes& notes, Instant now, const std::string& session, std::int32_t code,
                 const std::string& error) {
    const wire::SessionNote* begun = find_open(notes, session);
    if (begun == nullptr) return;
    wire::SessionNote note = *begun;
    note.at = now;
    note.over = true;
    note.took = now - begun->at;
    note.code = code;
    note.error = error;
    add(notes, std::move(note));
}

void end_sessions(SessionNotes& notes, Instant now, const std::string& error) {
    std::vector<std::string> open;
    for (const wire::SessionNote& note : notes)
        if (find_open(notes, note.session) == &note) open.push_back(note.session);
    for (const std::string& session : open) end_session(notes, now, session, kCutOff, error);
}

std::string command_text(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) {
        out += (out.empty() ? "" : " ") + quoted(word);
        if (out.size() <= kMaxText) continue;
        std::size_t end = kMaxText;
        while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0U) == 0x80U) --end;
        return out.substr(0, end) + "...";
    }
    return out;
}

}  // namespace drover::driver_manager
