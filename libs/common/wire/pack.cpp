#include "wire/pack.hpp"

#define MSGPACK_NO_BOOST
#include <msgpack.hpp>

#include "wire/codec.hpp"

namespace drover::wire {

namespace {

struct Sink {
    std::string& out;
    void write(const char* data, std::size_t size) { out.append(data, size); }
};

msgpack::packer<Sink> packer(Sink& sink) { return msgpack::packer<Sink>(sink); }

const msgpack::object& object(const void* p) { return *static_cast<const msgpack::object*>(p); }

bool refer(msgpack::type::object_type, std::size_t, void*) { return true; }

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

NodeType Node::type() const {
    switch (object(object_).type) {
        case msgpack::type::NIL: return NodeType::nil;
        case msgpack::type::BOOLEAN: return NodeType::boolean;
        case msgpack::type::POSITIVE_INTEGER:
        case msgpack::type::NEGATIVE_INTEGER: return NodeType::integer;
        case msgpack::type::FLOAT32:
        case msgpack::type::FLOAT64: return NodeType::real;
        case msgpack::type::STR: return NodeType::str;
        case msgpack::type::BIN: return NodeType::bin;
        case msgpack::type::ARRAY: return NodeType::array;
        case msgpack::type::MAP: return NodeType::map;
        case msgpack::type::EXT: return NodeType::ext;
    }
    return NodeType::ext;
}

std::size_t Node::size() const {
    const msgpack::object& o = object(object_);
    return o.type == msgpack::type::ARRAY ? o.via.array.size : o.via.map.size;
}

Node Node::at(std::size_t i) const { return Node(&object(object_).via.array.ptr[i]); }
Node Node::key(std::size_t i) const { return Node(&object(object_).via.map.ptr[i].key); }
Node Node::value(std::size_t i) const { return Node(&object(object_).via.map.ptr[i].val); }

std::string_view Node::text() const {
    const msgpack::object& o = object(object_);
    if (o.type == msgpack::type::STR) return {o.via.str.ptr, o.via.str.size};
    return {o.via.bin.ptr, o.via.bin.size};
}

bool Node::boolean() const { return object(object_).via.boolean; }

double Node::real() const {
    const msgpack::object& o = object(object_);
    if (o.type == msgpack::type::POSITIVE_INTEGER) return static_cast<double>(o.via.u64);
    if (o.type == msgpack::type::NEGATIVE_INTEGER) return static_cast<double>(o.via.i64);
    return o.via.f64;
}

bool Node::fits(std::int64_t& out) const {
    const msgpack::object& o = object(object_);
    if (o.type == msgpack::type::POSITIVE_INTEGER && o.via.u64 > INT64_MAX) return false;
    out = o.via.i64;
    return true;
}

bool Node::fits(std::uint64_t& out) const {
    const msgpack::object& o = object(object_);
    if (o.type == msgpack::type::NEGATIVE_INTEGER) return false;
    out = o.via.u64;
    return true;
}

Result<Node> parse(std::string_view bytes) {
    if (bytes.size() > kMaxMessage) {
        return fail(ErrorKind::invalid, "message of " + std::to_string(bytes.size()) + " bytes is over the limit of " +
                                            std::to_string(kMaxMessage));
    }
    thread_local msgpack::zone zone;
    thread_local msgpack::object root;
    static const msgpack::unpack_limit kLimit(4096, 1024, kMaxMessage, kMaxMessage, 0, 16);
    zone.clear();
    try {
        std::size_t used = 0;
        bool referenced = false;
        root = msgpack::unpack(zone, bytes.data(), bytes.size(), used, referenced, refer, nullptr, kLimit);
        if (used != bytes.size()) return fail(ErrorKind::invalid, "bytes left over behind the message");
    } catch (const std::exception& e) {  // three unrelated bases in msgpack-cxx
        return fail(ErrorKind::invalid, std::string("not MessagePack within the limits: ") + e.what());
    }
    return Node(&root);
}

}  // namespace drover::wire
