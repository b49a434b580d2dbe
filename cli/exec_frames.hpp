// What the gateway answers to who reads the output of a command beside a task: a line for each piece of output and its
// bytes, "out NUMBER SIZE STREAM", a line "beat" now and then, and in the end "end {...}".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace drover::cli {

struct ExecEnd {
    int code = 0;       // 128 + signal when signalled; -1: it was cut off
    std::string error;  // a sentence, when it did not begin or was cut off
};

class ExecFrames {
   public:
    // Gets each piece once, in order, whatever answers bring it again or in parts.
    using Take = std::function<void(std::string_view stream, std::string_view bytes)>;

    explicit ExecFrames(Take take) : take_(std::move(take)) {}

    // Any part of an answer. An error when it makes no sense; what was taken stays taken.
    Result<void> feed(std::string_view bytes);
    // Another answer begins.
    void restart() { left_.clear(); }

    std::uint64_t heard() const { return heard_; }  // number of the last piece taken
    const std::optional<ExecEnd>& end() const { return end_; }

   private:
    Result<bool> take_one(std::string_view& rest);

    Take take_;
    std::string left_;
    std::uint64_t heard_ = 0;
    std::optional<ExecEnd> end_;
};

}  // namespace drover::cli
