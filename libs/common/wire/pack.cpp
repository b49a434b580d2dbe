#include "wire/pack.hpp"

#define MSGPACK_NO_BOOST
#include <array>
#include <msgpack.hpp>
#include <vector>

#include "wire/codec.hpp"

namespace drover::wire {

namespace {

struct Sink {
    std::string& out;
    void write(const char* data, std::size_t size) { out.append(data, size); }
};

msgpack::packer<Sink> packer(Sink& sink) { return msgpack::packer<Sink>(sink); }

constexpr std::uint32_t kMaxArray = 4096;
constexpr std::uint32_t kMaxMap = 1024;
constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kFirstTokens = 256;
constexpr std::size_t kKeptTokens = 1 << 16;

// Lays the values out in a row. Names as msgpack-cxx asks for them.
class Row : public msgpack::null_visitor {
   public:
    // The tokens are at the beginning of `room`, which grows as needed and is never cleared.
    explicit Row(std::vector<Token>& room) : room_(room) {}

    const char* problem() const { return problem_; }

    bool visit_nil() { return add(NodeType::nil), true; }
    bool visit_boolean(bool value) { return add(NodeType::boolean).u64 = value ? 1 : 0, true; }
    bool visit_positive_integer(std::uint64_t value) { return add(NodeType::integer).u64 = value, true; }
    bool visit_negative_integer(std::int64_t value) {
        Token& token = add(NodeType::integer);
        token.negative = true;
        token.i64 = value;
        return true;
    }
    bool visit_float32(float value) { return add(NodeType::real).f64 = static_cast<double>(value), true; }
    bool visit_float64(double value) { return add(NodeType::real).f64 = value, true; }
    bool visit_str(const char* text, std::uint32_t size) { return add(NodeType::str, text, size); }
    bool visit_bin(const char* bytes, std::uint32_t size) { return add(NodeType::bin, bytes, size); }
    bool visit_ext(const char* bytes, std::uint32_t size) { return add(NodeType::ext, bytes, size); }
    bool start_array(std::uint32_t elements) { return open(NodeType::array, elements, kMaxArray); }
    bool start_map(std::uint32_t entries) { return open(NodeType::map, entries, kMaxMap); }
    bool end_array() { return close(); }
    bool end_map() { return close(); }
    void parse_error(std::size_t, std::size_t) { problem_ = "a byte that begins no value"; }
    void insufficient_bytes(std::size_t, std::size_t) { problem_ = "it ends too early"; }

   private:
    Token& add(NodeType type) {
        if (next_ == end_) grow();
        *next_ = Token();
        next_->type = type;
        return *next_++;
    }
    bool add(NodeType type, const char* text, std::uint32_t size) {
        Token& token = add(type);
        token.text = text;
        token.size = size;
        return true;
    }
    void grow() {
        const std::size_t used = room_.size();
        room_.resize(used + used / 2 + kFirstTokens);
        next_ = room_.data() + used;
        end_ = room_.data() + room_.size();
    }
    bool open(NodeType type, std::uint32_t size, std::uint32_t limit) {
        if (size > limit) problem_ = "a list or a map with too many elements";
        if (depth_ == kMaxDepth) problem_ = "nested too deeply";
        if (problem_ != nullptr) return false;
        opened_[depth_++] = next_ - room_.data();
        add(type).size = size;
        return true;
    }
    bool close() {
        Token* const opener = room_.data() + opened_[--depth_];
        opener->span = static_cast<std::uint32_t>(next_ - opener);
        return true;
    }

    std::vector<Token>& room_;
    Token* next_ = room_.data();
    Token* end_ = next_ + room_.size();
    std::array<std::ptrdiff_t, kMaxDepth> opened_;  // where each array and map that is still open begins
    std::size_t depth_ = 0;
    const char* problem_ = nullptr;
};

}  // namespace

void Writer::map(std::size_t entries) {
    Sink sink{out_};
    packer(sink).pack_map(static_cast<std::uint32_t>(entries));
}

void Writer::array(std::size_t elements) {
    Sink sink{out_};
    packer(sink).pack_array(static_cast<std::uint32_t>(elements));
}

void Writer::str(std::string_view text) {
    Sink sink{out_};
    packer(sink).pack_str(static_cast<std::uint32_t>(text.size()));
    out_.append(text);
}

void Writer::bin(std::string_view bytes) {
    Sink sink{out_};
    packer(sink).pack_bin(static_cast<std::uint32_t>(bytes.size()));
    out_.append(bytes);
}

void Writer::integer(std::int64_t value) {
    Sink sink{out_};
    packer(sink).pack_int64(value);
}

void Writer::unsigned_integer(std::uint64_t value) {
    Sink sink{out_};
    packer(sink).pack_uint64(value);
}

void Writer::real(double value) {
    Sink sink{out_};
    packer(sink).pack_double(value);
}

void Writer::boolean(bool value) {
    Sink sink{out_};
    value ? packer(sink).pack_true() : packer(sink).pack_false();
}

void Writer::nil() {
    Sink sink{out_};
    packer(sink).pack_nil();
}

Result<Node> parse(std::string_view bytes) {
    if (bytes.size() > kMaxMessage) {
        return fail(ErrorKind::invalid, "message of " + std::to_string(bytes.size()) + " bytes is over the limit of " +
                                            std::to_string(kMaxMessage));
    }
    thread_local std::vector<Token> tokens;
    if (tokens.size() > kKeptTokens) std::vector<Token>().swap(tokens);
    Row row(tokens);
    std::size_t used = 0;
    const bool whole = msgpack::parse(bytes.data(), bytes.size(), used, row);
    if (!whole) {
        const char* problem = row.problem() != nullptr ? row.problem() : "it is empty";
        return fail(ErrorKind::invalid, std::string("not MessagePack within the limits: ") + problem);
    }
    if (used != bytes.size()) return fail(ErrorKind::invalid, "bytes left over behind the message");
    return Node(tokens.data());
}

}  // namespace drover::wire
