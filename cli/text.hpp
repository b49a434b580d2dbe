// Text for people: tables, ages, times, colours. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace drover::cli {

// Columns as wide as their widest cell, two blanks apart, none after the last. Colours do not count.
class Table {
   public:
    explicit Table(std::vector<std::string> heads) : rows_{std::move(heads)} {}
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    bool empty() const { return rows_.size() == 1; }
    std::string text(std::string_view indent = "") const;

   private:
    std::vector<std::vector<std::string>> rows_;
};

Instant wall_clock();

// "12s", "5m", "3h", "2d"; "-" for no instant.
std::string age(Instant then, Instant now);

// Local time of day with milliseconds, with the date when it is not today's.
std::string clock(Instant when, Instant now);

// The first eight digits: enough for people.
std::string short_id(const std::string& id);

std::string bytes(std::uint64_t count);

// Control characters, which could drive a terminal, become '?'.
std::string printable(std::string_view text);

enum class Tone { plain, good, bad, busy, dim };
std::string paint(std::string_view text, Tone tone, bool colour);
// The tone of a status word: running, complete, pending, failed, ...
Tone tone_of(std::string_view status);

}  // namespace drover::cli
