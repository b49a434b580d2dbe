// The words of an action; internal to templating.
#pragma once

#include <string>
#include <string_view>

namespace drover::templating {

struct Token {
    enum class Kind { word, text, field, open, close, pipe, end, broken };
    Kind kind = Kind::broken;
    std::string text;    // without quotes; of a broken one, what is wrong with it
    std::size_t at = 0;  // where it begins
    bool trims = false;  // an end written -}}
};

// Reads words from `at` on, within an action.
class Scanner {
   public:
    explicit Scanner(std::string_view text) : text_(text) {}

    Token next(std::size_t& at) const;

   private:
    Token quoted(std::size_t& at) const;
    Token raw(std::size_t& at) const;

    std::string_view text_;
};

}  // namespace drover::templating
