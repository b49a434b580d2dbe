// The codec over fields(). Included only by codec.cpp, which instantiates it for every message, and by tests that
// declare messages of their own.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>
#include <vector>

#include "base/time.hpp"
#include "wire/codec.hpp"
#include "wire/fields.hpp"
#include "wire/pack.hpp"
#include "wire/value.hpp"

namespace drover::wire::detail {

// ---- writing

template <class T>
void put(Writer& out, const T& value);

void put_value(Writer& out, const Value& value);

template <class K, class V>
void put_map(Writer& out, const std::map<K, V>& map) {
    out.map(map.size());
    for (const auto& [key, value] : map) {
        out.str(key);
        put(out, value);
    }
}

template <class T>
void put_message(Writer& out, const T& message) {
    std::apply(
        [&](const auto&... f) {
            out.map(sizeof...(f));
            const auto one = [&]<class M, bool kBinary>(const Field<T, M, kBinary>& field) {
                out.str(field.name);
                if constexpr (kBinary) {
                    out.bin(message.*field.member);
                } else {
                    put(out, message.*field.member);
                }
            };
            (one(f), ...);
        },
        T::fields());
}

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class V>
struct IsMap<std::map<std::string, V>> : std::true_type {};

template <class T>
void put(Writer& out, const T& value) {
    if constexpr (Message<T>) {
        put_message(out, value);
    } else if constexpr (NamedEnum<T>) {
        out.str(to_string(value));
    } else if constexpr (std::is_same_v<T, bool>) {
        out.boolean(value);
    } else if constexpr (std::is_same_v<T, Duration> || std::is_same_v<T, Instant>) {
        out.integer(value.ns);
    } else if constexpr (std::is_floating_point_v<T>) {
        out.real(value);
    } else if constexpr (std::is_unsigned_v<T>) {
        out.unsigned_integer(value);
    } else if constexpr (std::is_integral_v<T>) {
        out.integer(value);
    } else if constexpr (std::is_same_v<T, std::string>) {
        out.str(value);
    } else if constexpr (std::is_same_v<T, Value>) {
        put_value(out, value);
    } else if constexpr (IsOptional<T>::value) {
        value ? put(out, *value) : out.nil();
    } else if constexpr (IsMap<T>::value) {
        put_map(out, value);
    } else {
        static_assert(IsVector<T>::value, "no wire form for this type");
        out.array(value.size());
        for (const auto& element : value) put(out, element);
    }
}

// ---- reading: false with `error` set; each level puts its name before it on the way out

template <class T>
bool get(Node in, T& value, std::string& error);

bool get_value(Node in, Value& value, std::string& error);
bool wrong(std::string& error, const char* expected);

inline bool inside(std::string& error, std::string_view name) {
    error = "." + std::string(name) + error;
    return false;
}

template <class I>
bool get_integer(Node in, I& value, std::string& error) {
    using Wide = std::conditional_t<std::is_unsigned_v<I>, std::uint64_t, std::int64_t>;
    Wide wide = 0;
    if (in.type() != NodeType::integer) return wrong(error, "an integer");
    if (!in.fits(wide) || wide < std::numeric_limits<I>::min() || wide > std::numeric_limits<I>::max()) {
        return wrong(error, "an integer in range");
    }
    value = static_cast<I>(wide);
    return true;
}

template <class E>
bool get_enum(Node in, E& value, std::string& error) {
    if (in.type() != NodeType::str) return wrong(error, "a word");
    const auto& names = EnumNames<E>::kNames;
    const auto it = std::find(names.begin(), names.end(), in.text());
    if (it == names.end()) return wrong(error, "a known word");
    value = static_cast<E>(it - names.begin());
    return true;
}

template <class V>
bool get_map(Node in, std::map<std::string, V>& map, std::string& error) {
    if (in.type() != NodeType::map) return wrong(error, "a map");
    map.clear();
    Node key = in.size() > 0 ? in.first() : in;
    for (std::size_t left = in.size(); left > 0; --left) {
        if (key.type() != NodeType::str) return wrong(error, "words as keys");
        // Most writers sort, so the end is where a key most often belongs.
        const std::size_t before = map.size();
        const auto it = map.try_emplace(map.end(), std::string(key.text()));
        if (map.size() == before) return wrong(error, "each key once");
        const Node value = key.next();
        if (!get(value, it->second, error)) return inside(error, key.text());
        key = value.next();
    }
    return true;
}

template <class T, class M, bool kBinary>
bool get_field(Node in, T& message, const Field<T, M, kBinary>& field, std::string& error) {
    if constexpr (kBinary) {
        if (in.type() != NodeType::bin) return wrong(error, "bytes") || inside(error, field.name);
        (message.*field.member).assign(in.text());
        return true;
    } else {
        return get(in, message.*field.member, error) || inside(error, field.name);
    }
}

// With the length known to the compiler the comparison is a few instructions instead of a call.
template <std::size_t kSize>
bool is_name(Node key, std::string_view name) {
    return key.size() == kSize && std::memcmp(key.text().data(), name.data(), kSize) == 0;
}

// The entries as far as they stand in the declared order, whichever of the fields are missing: how every writer of ours
// says them. The names are known to the compiler here, and nothing is searched.
template <class T, std::size_t... I>
bool get_in_order(Node& key, std::size_t& left, T& message, std::uint64_t& seen, std::string& error,
                  std::index_sequence<I...>) {
    static constexpr auto kFields = T::fields();
    const auto one = [&]<std::size_t kIndex>(std::integral_constant<std::size_t, kIndex>) {
        constexpr const auto& field = std::get<kIndex>(kFields);
        if (left == 0 || key.type() != NodeType::str || !is_name<field.name.size()>(key, field.name)) return true;
        seen |= std::uint64_t{1} << kIndex;
        const Node value = key.next();
        if (!get_field(value, message, field, error)) return false;
        key = value.next();
        --left;
        return true;
    };
    return (one(std::integral_constant<std::size_t, I>{}) && ...);
}

// One entry in any order; an unknown key is skipped.
template <class T, std::size_t... I>
bool get_entry(std::string_view key, Node value, T& message, std::uint64_t& seen, std::string& error,
               std::index_sequence<I...>) {
    static constexpr auto kFields = T::fields();
    bool ok = true;
    const auto attempt = [&]<std::size_t kIndex>(std::integral_constant<std::size_t, kIndex>) {
        const auto& field = std::get<kIndex>(kFields);
        if (field.name != key) return false;
        const std::uint64_t bit = std::uint64_t{1} << kIndex;
        if ((seen & bit) != 0) {
            ok = wrong(error, "each key once") || inside(error, key);
        } else {
            seen |= bit;
            ok = get_field(value, message, field, error);
        }
        return true;
    };
    (void)(attempt(std::integral_constant<std::size_t, I>{}) || ...);
    return ok;
}

template <class T>
bool get_message(Node in, T& message, std::string& error) {
    constexpr std::size_t kCount = std::tuple_size_v<decltype(T::fields())>;
    static_assert(kCount <= 64);
    constexpr auto kAll = std::make_index_sequence<kCount>{};
    if (in.type() != NodeType::map) return wrong(error, "a map");
    std::uint64_t seen = 0;
    std::size_t left = in.size();
    Node key = left > 0 ? in.first() : in;
    if (!get_in_order(key, left, message, seen, error, kAll)) return false;
    for (; left > 0; --left) {
        if (key.type() != NodeType::str) return wrong(error, "words as keys");
        const Node value = key.next();
        if (!get_entry(key.text(), value, message, seen, error, kAll)) return false;
        key = value.next();
    }
    return true;
}

template <class T>
bool get(Node in, T& value, std::string& error) {
    if constexpr (Message<T>) {
        return get_message(in, value, error);
    } else if constexpr (NamedEnum<T>) {
        return get_enum(in, value, error);
    } else if constexpr (std::is_same_v<T, bool>) {
        if (in.type() != NodeType::boolean) return wrong(error, "true or false");
        value = in.boolean();
        return true;
    } else if constexpr (std::is_same_v<T, Duration> || std::is_same_v<T, Instant>) {
        return get_integer(in, value.ns, error);
    } else if constexpr (std::is_floating_point_v<T>) {
        if (in.type() != NodeType::real && in.type() != NodeType::integer) return wrong(error, "a number");
        value = in.real();
        return true;
    } else if constexpr (std::is_integral_v<T>) {
        return get_integer(in, value, error);
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (in.type() != NodeType::str) return wrong(error, "text");
        value.assign(in.text());
        return true;
    } else if constexpr (std::is_same_v<T, Value>) {
        return get_value(in, value, error);
    } else if constexpr (IsOptional<T>::value) {
        value.reset();
        return in.type() == NodeType::nil || get(in, value.emplace(), error);
    } else if constexpr (IsMap<T>::value) {
        return get_map(in, value, error);
    } else {
        static_assert(IsVector<T>::value, "no wire form for this type");
        if (in.type() != NodeType::array) return wrong(error, "a list");
        value.resize(in.size());
        Node element = in.size() > 0 ? in.first() : in;
        for (std::size_t i = 0; i < value.size(); ++i) {
            if (!get(element, value[i], error)) return inside(error, std::to_string(i));
            element = element.next();
        }
        return true;
    }
}

}  // namespace drover::wire::detail

namespace drover::wire {

template <class T>
std::string encode(const T& message) {
    std::string out;
    Writer writer(out);
    detail::put(writer, message);
    return out;
}

template <class T>
Result<T> decode(std::string_view bytes) {
    const Result<Node> root = parse(bytes);
    if (!root) return tl::unexpected<Error>(root.error());
    Result<T> message;  // filled in place: a move of every text is a tenth of a decode
    std::string error;
    if (!detail::get(*root, *message, error)) {
        return fail(ErrorKind::invalid, std::string(T::kName) + error);
    }
    return message;
}

}  // namespace drover::wire
