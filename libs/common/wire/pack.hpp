// The primitives under the codec: write MessagePack, read a decoded tree of it. Hides msgpack.hpp, which takes seconds
// to include, from everything but pack.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace drover::wire {

class Writer {
   public:
    explicit Writer(std::string& out) : out_(out) {}

    void map(std::size_t entries);
    void array(std::size_t elements);
    void str(std::string_view text);
    void bin(std::string_view bytes);
    void integer(std::int64_t value);
    void unsigned_integer(std::uint64_t value);
    void real(double value);
    void boolean(bool value);
    void nil();

   private:
    std::string& out_;
};

enum class NodeType { nil, boolean, integer, real, str, bin, array, map, ext };

// One value of a decoded tree; valid while its Tree lives.
class Node {
   public:
    explicit Node(const void* object) : object_(object) {}

    NodeType type() const;
    std::size_t size() const;         // of an array or a map
    Node at(std::size_t i) const;     // of an array
    Node key(std::size_t i) const;    // of a map
    Node value(std::size_t i) const;  // of a map
    std::string_view text() const;    // of a str or bin
    bool boolean() const;
    double real() const;                 // of a real or an integer
    bool fits(std::int64_t& out) const;  // of an integer; false when it does not fit
    bool fits(std::uint64_t& out) const;

   private:
    const void* object_;
};

// Decodes one value that must fill `bytes` exactly. Limits: arrays 4,096, maps 1,024, depth 16, 1 MiB in all. One tree
// lives at a time per thread: the next parse reuses the memory.
Result<Node> parse(std::string_view bytes);

}  // namespace drover::wire
