// A file of what a tap has heard, to be looked at again later. It begins with the line "drover-tap 1"; then, for each
// message, the time (8 bytes), the lengths of topic and payload (4 each; all little-endian), the topic and the payload.
#pragma once

#include <fstream>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace drover::bus {

struct Heard {
    Instant at;  // wall clock of the listener
    std::string topic;
    std::string payload;
};

class Recorder {
   public:
    // A new file, or one that is empty: what was recorded before is not written over.
    static Result<Recorder> create(const std::string& path);
    // Each message is in the file once this has returned; errors name the file.
    Result<void> add(const Heard& heard);

   private:
    Recorder(std::string path, std::ofstream out) : path_(std::move(path)), out_(std::move(out)) {}
    std::string path_;
    std::ofstream out_;
};

class Recording {
   public:
    // Errors say what the file is not.
    static Result<Recording> open(const std::string& path);
    // False at the end. A file that ends within a message, as one does whose recorder was killed, or whose lengths are
    // beyond the bounds of the bus, is an error that says how many messages came before.
    Result<bool> next(Heard& heard);

   private:
    Recording(std::string path, std::ifstream in) : path_(std::move(path)), in_(std::move(in)) {}
    std::string path_;
    std::ifstream in_;
    std::uint64_t read_ = 0;
};

}  // namespace drover::bus
