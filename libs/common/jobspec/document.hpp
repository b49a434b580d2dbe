// A YAML or JSON text as a tree that remembers where everything stood; internal to jobspec, and its only user of
// yaml-cpp.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "jobspec/parse.hpp"

namespace drover::jobspec {

// From 1; 0 means unknown.
struct Mark {
    int line = 0;
    int column = 0;

    friend auto operator<=>(Mark, Mark) = default;
};

struct Entry;

struct Node {
    enum class Kind { null, scalar, list, map };

    Kind kind = Kind::null;
    Mark mark;
    std::string text;     // of a scalar
    bool quoted = false;  // then the scalar is a text whatever it looks like
    std::vector<Node> items;
    std::vector<Entry> entries;  // in the order of the file, keys possibly repeated

    const Node* find(std::string_view key) const;
};

struct Entry {
    std::string key;
    Mark mark;
    Node value;
};

inline constexpr std::size_t kMaxNodes = 20'000;  // counted after aliases were expanded
inline constexpr std::size_t kMaxDepth = 32;

struct Document {
    Node root;
    std::vector<Problem> problems;  // without a file name; `root` means nothing when there are any
};

Document read_document(std::string_view text);

}  // namespace drover::jobspec
