// A compiled template. The language: text, and actions in {{ }}:
//   {{ var "db/main" "password" }}  {{ env "HOME" }}  {{ file "/etc/motd" }}  {{ attr "cpu.arch" }}  {{ meta "team" }}
//   {{ node "name" }}  {{ "text" }}  {{ or (env "PORT") "8080" }}  {{ var "a" "b" | trim | toJSON }}
//   {{ if eq (env "STAGE") "live" }}...{{ else if ... }}...{{ else }}...{{ end }}
//   {{ range var "db/main" }}{{ .key }}={{ .value }}{{ else }}...{{ end }}  {{/* a comment */}}
// {{- and -}} take the white space before and after away.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "templating/functions.hpp"

namespace drover::templating {

inline constexpr std::size_t kMaxSource = 256 << 10;  // bytes of a template
inline constexpr std::size_t kMaxDepth = 32;          // of blocks, and of expressions, within each other
inline constexpr std::size_t kMaxNodes = 20'000;

// What a template reads. `item` only of a variable, empty: every item, in a range.
struct Reference {
    Source source = Source::variable;
    std::string name;
    std::string item;

    friend auto operator<=>(const Reference&, const Reference&) = default;
};

// "item password of variable db/main", "file /etc/motd".
std::string describe(const Reference& reference);

struct Expression {
    enum class Kind { text, reference, field, call };
    Kind kind = Kind::text;
    std::string text;  // of a field "key" or "value"
    Reference reference;
    Call call = Call::either;
    std::vector<Expression> arguments;
};

struct Block {
    enum class Kind { text, print, branch, repeat };
    Kind kind = Kind::text;
    std::string text;
    Expression expression;  // printed, asked, or the variable to go over
    std::vector<Block> body;
    std::vector<Block> otherwise;
};

struct Program {
    std::vector<Block> blocks;
    std::vector<Reference> references;  // sorted, each once
};

// The first thing wrong with a template. Lines and columns count from 1.
struct Fault {
    int line = 0;
    int column = 0;
    std::string message;
    std::string nearest;  // the name that was probably meant, or empty
};

// "line 3, column 9: there is no function vra; did you mean var?"
std::string to_string(const Fault& fault);

tl::expected<Program, Fault> compile(std::string_view text);

}  // namespace drover::templating
