// The primitives under the codec: write MessagePack, read it as a flat row of tokens. Hides msgpack.hpp, which takes
// seconds to include, from everything but pack.cpp.
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

enum class NodeType : std::uint8_t { nil, boolean, integer, real, str, bin, array, map, ext };

struct Token {
    NodeType type = NodeType::nil;
    bool negative = false;   // of an integer
    std::uint32_t size = 0;  // bytes of a text, elements of an array, entries of a map
    std::uint32_t span = 1;  // how many tokens further the next value begins: its own and all within it
    union {
        std::uint64_t u64 = 0;
        std::int64_t i64;  // of a negative integer
        double f64;
        const char* text;
    };
};

// One value. What is in an array or a map follows it: an array's elements, or a map's keys each with its value behind
// it; `next` leads from one to the other.
class Node {
   public:
    explicit Node(const Token* token) : token_(token) {}

    NodeType type() const { return token_->type; }
    std::size_t size() const { return token_->size; }  // of a text, an array or a map
    Node first() const { return Node(token_ + 1); }    // of an array or a map that is not empty
    Node next() const { return Node(token_ + token_->span); }
    std::string_view text() const { return {token_->text, token_->size}; }  // of a str or bin
    bool boolean() const { return token_->u64 != 0; }
    double real() const {  // of a real or an integer
        if (token_->type == NodeType::real) return token_->f64;
        return token_->negative ? static_cast<double>(token_->i64) : static_cast<double>(token_->u64);
    }
    bool fits(std::int64_t& out) const {  // of an integer; false when it does not fit
        if (!token_->negative && token_->u64 > INT64_MAX) return false;
        out = token_->i64;
        return true;
    }
    bool fits(std::uint64_t& out) const {
        out = token_->u64;
        return !token_->negative;
    }

   private:
    const Token* token_;
};

// Reads one value that must fill `bytes` exactly; its texts stay in `bytes`. Limits: arrays 4,096, maps 1,024, depth
// 16, 1 MiB in all. One row of tokens lives at a time per thread: the next parse reuses the memory.
Result<Node> parse(std::string_view bytes);

}  // namespace drover::wire
