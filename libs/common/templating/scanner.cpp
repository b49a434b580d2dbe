#include "templating/scanner.hpp"

#include <algorithm>

#include "templating/functions.hpp"

namespace drover::templating {
namespace {

using Kind = Token::Kind;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t end_of_word(std::string_view text, std::size_t at) {
    while (at < text.size() && (is_letter(text[at]) || is_digit(text[at]))) ++at;
    return at;
}

}  // namespace

Token Scanner::quoted(std::size_t& at) const {
    Token token{Kind::text, "", at, false};
    for (std::size_t i = at + 1; i < text_.size() && text_[i] != '\n'; ++i) {
        char c = text_[i];
        if (c == '"') {
            at = i + 1;
            return token;
        }
        if (c == '\\') {
            constexpr std::string_view kFrom = "nt\"\\", kTo = "\n\t\"\\";
            const std::size_t which = ++i < text_.size() ? kFrom.find(text_[i]) : std::string_view::npos;
            if (which == std::string_view::npos)
                return {Kind::broken, R"(after \ in a text may stand n, t, " or \)", i - 1, false};
            c = kTo[which];
        }
        token.text += c;
    }
    return {Kind::broken, "this text has no closing quote", at, false};
}

Token Scanner::raw(std::size_t& at) const {
    const std::size_t end = text_.find('`', at + 1);
    if (end == std::string_view::npos) return {Kind::broken, "this text has no closing `", at, false};
    Token token{Kind::text, std::string(text_.substr(at + 1, end - at - 1)), at, false};
    at = end + 1;
    return token;
}

Token Scanner::next(std::size_t& at) const {
    at = std::min(text_.find_first_not_of(kSpace, at), text_.size());
    const std::size_t begin = at;
    const std::string_view rest = text_.substr(at);
    const auto take = [&](std::size_t size, Kind kind, bool trims = false) {
        at += size;
        return Token{kind, std::string(text_.substr(begin, size)), begin, trims};
    };
    if (rest.empty()) return {Kind::broken, "the action is not closed with }}", begin, false};
    if (rest.starts_with("}}")) return take(2, Kind::end);
    if (rest.starts_with("-}}")) return take(3, Kind::end, true);
    const char c = rest.front();
    if (c == '"') return quoted(at);
    if (c == '`') return raw(at);
    if (c == '(') return take(1, Kind::open);
    if (c == ')') return take(1, Kind::close);
    if (c == '|') return take(1, Kind::pipe);
    if (is_letter(c)) return take(end_of_word(text_, at) - at, Kind::word);
    if (is_digit(c)) return take(end_of_word(text_, at) - at, Kind::text);
    if (c == '.' && rest.size() > 1 && is_letter(rest[1])) {
        Token token = take(end_of_word(text_, at + 1) - at, Kind::field);
        token.text.erase(0, 1);
        return token;
    }
    if (c == '$')
        return {Kind::broken, "a template has no variables of its own; only .key and .value in a range", begin, false};
    return {Kind::broken, "this character has no meaning here; texts stand in quotes", begin, false};
}

}  // namespace drover::templating
