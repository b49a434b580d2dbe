// What drover-fetch is told on its standard input, and how it answers. Never by its arguments: they can be seen by
// everybody on the machine, and headers and sources may hold secrets.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace drover::fetch {

enum class Mode { any, file, dir };

struct Request {
    std::string source;
    std::string destination;  // a clean path below the working directory of drover-fetch, the task's
    std::string checksum;     // "sha256:<hex>", "sha512:<hex>" or empty
    Mode mode = Mode::any;
    bool names_file = false;  // of mode file: the destination is the file, not the directory that gets it
    std::map<std::string, std::string> headers;
    std::string id;                         // names what is remembered in the task's directory
    std::uint64_t max_bytes = 10ULL << 30;  // of the download, and of what is unpacked
    std::uint64_t max_entries = 100'000;    // of what is unpacked
    Duration time = minutes(30);            // for all of it

    friend bool operator==(const Request&, const Request&) = default;
};

// "name=value" entries, each ended by a NUL.
std::string encode(const Request& request);

// Refuses what encode could not have made: unknown or repeated names, wrong numbers, a missing end.
Result<Request> decode(std::string_view bytes);

// How drover-fetch exits; the sentence why is on its standard output.
inline constexpr int kDone = 0;
inline constexpr int kMayHelpToTryAgain = 1;
inline constexpr int kNeverWill = 2;

// What stands in the task's directory once the artifact is complete: an empty file. Of one that goes into secrets it is
// there too: that may be a file system of its own, which a restart of the machine empties.
std::string marker(const Request& request);

}  // namespace drover::fetch
