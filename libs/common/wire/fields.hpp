// How a message declares itself: `static constexpr auto fields()` lists its members once, in wire order, and the codec,
// the JSON view, the random generator, the fuzz targets and wire.lock all come from that list.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>

namespace drover::wire {

template <class Owner, class Member, bool kBinary = false>
struct Field {
    std::string_view name;
    Member Owner::*member;
};

template <class Owner, class Member>
constexpr Field<Owner, Member> field(std::string_view name, Member Owner::*member) {
    return {name, member};
}

// A std::string of any bytes: travels as MessagePack bin, because str promises UTF-8 to readers in other languages.
template <class Owner>
constexpr Field<Owner, std::string, true> binary(std::string_view name, std::string Owner::*member) {
    return {name, member};
}

template <class T>
concept Message = requires {
    T::fields();
    T::kName;
};

// Enums travel as words, so that a monitor needs no table. Specialise with `static constexpr
// std::array<std::string_view, N> kNames` in enumerator order, the first enumerator being 0.
template <class E>
struct EnumNames;

template <class E>
concept NamedEnum = requires {
    EnumNames<E>::kNames;
};

template <NamedEnum E>
constexpr std::string_view to_string(E value) {
    return EnumNames<E>::kNames[static_cast<std::size_t>(value)];
}

}  // namespace drover::wire

// Declares the enum's words: WIRE_ENUM(JobType, "service", "batch"). At namespace drover::wire.
#define WIRE_ENUM(Type, ...)                                                           \
    template <>                                                                        \
    struct EnumNames<Type> {                                                           \
        static constexpr std::string_view kName = #Type;                               \
        static constexpr auto kNames = std::to_array<std::string_view>({__VA_ARGS__}); \
    }
