// What is kept of the commands that users run beside an incarnation, until it is history: a note when one begins, and
// one when it is over. Pure.
#pragma once

#include <string>
#include <vector>

#include "wire/observed.hpp"

namespace drover::driver_manager {

using SessionNotes = std::vector<wire::SessionNote>;

inline constexpr std::size_t kMaxSessionNotes = 32;
inline constexpr std::size_t kMaxTaskSessions = 8;  // open ones of one incarnation, so that their notes find room

// Has there been one of this id, as far as it is remembered?
bool knows_session(const SessionNotes& notes, const std::string& session);
std::size_t open_sessions(const SessionNotes& notes);

void begin_session(SessionNotes& notes, Instant now, const std::string& session, const std::string& by,
                   const std::vector<std::string>& command);
// Of one that is open; else nothing happens.
void end_session(SessionNotes& notes, Instant now, const std::string& session, std::int32_t code,
                 const std::string& error);
// All that are open were cut off.
void end_sessions(SessionNotes& notes, Instant now, const std::string& error);

// The words as a person writes them, at most some 200 bytes, without anything that is no printable text.
std::string command_text(const std::vector<std::string>& words);

}  // namespace drover::driver_manager
