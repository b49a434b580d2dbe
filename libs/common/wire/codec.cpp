#include "wire/codec.hpp"

#include "wire/codec_impl.hpp"
#include "wire/messages.hpp"

namespace drover::wire {

namespace detail {

bool wrong(std::string& error, const char* expected) {
    error = std::string(": expected ") + expected;
    return false;
}

void put_value(Writer& out, const Value& value) {
    std::visit(
        [&]<class T>(const T& v) {
            if constexpr (std::is_same_v<T, std::monostate>) {
                out.nil();
            } else {
                put(out, v);
            }
        },
        value.data);
}

bool get_value(Node in, Value& value, std::string& error) {
    switch (in.type()) {
        case NodeType::nil: value.data = std::monostate{}; return true;
        case NodeType::boolean: return get(in, value.data.emplace<bool>(), error);
        case NodeType::integer: return get(in, value.data.emplace<std::int64_t>(), error);
        case NodeType::real: return get(in, value.data.emplace<double>(), error);
        case NodeType::str: return get(in, value.data.emplace<std::string>(), error);
        case NodeType::array: return get(in, value.data.emplace<Value::List>(), error);
        case NodeType::map: return get(in, value.data.emplace<Value::Map>(), error);
        default: return wrong(error, "a plain value");
    }
}

}  // namespace detail

#define INSTANTIATE(Type)                           \
    template std::string encode<Type>(const Type&); \
    template Result<Type> decode<Type>(std::string_view);
WIRE_MESSAGES(INSTANTIATE)
#undef INSTANTIATE

}  // namespace drover::wire
