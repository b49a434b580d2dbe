// A driver's home: the directory that its process is started in, with the socket where it listens, its output, and
// which process it is. Whoever finds the process there finds it again after any restart.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace drover::ipc {

inline constexpr const char* kDriverSocket = "driver.sock";
inline constexpr const char* kDriverRecord = "driver.pid";
inline constexpr const char* kDriverLock = "driver.lock";
inline constexpr const char* kDriverLog = "driver.log";

// Exit code of a launch that found another process to be the driver of the home.
inline constexpr int kLaunchedAlready = 17;

// Writes down that this process is the driver of the home, which it will be by exec.
Result<void> claim_home(const std::string& dir);

// The pidfd of the living process that has claimed the home; invalid when there is none.
UniqueFd open_driver(const std::string& dir);

// The last line that the driver has written, for error messages; empty: there is none.
std::string last_words(const std::string& dir);

}  // namespace drover::ipc
