// Random messages for tests: every field of every message from one seed, sizes kept small.
#pragma once

#include <random>

#include "wire/codec_impl.hpp"

namespace drover::wire {

class RandomMessage {
   public:
    explicit RandomMessage(std::uint64_t seed) : random_(seed) {}

    template <Message T>
    T make() {
        T message;
        std::apply(
            [&](const auto&... f) {
                ((message.*f.member = value<std::remove_cvref_t<decltype(message.*f.member)>>()), ...);
            },
            T::fields());
        return message;
    }

   private:
    template <class T>
    T value() {
        if constexpr (Message<T>) {
            return make<T>();
        } else if constexpr (NamedEnum<T>) {
            return static_cast<T>(random_() % EnumNames<T>::kNames.size());
        } else if constexpr (std::is_same_v<T, bool>) {
            return random_() % 2 == 0;
        } else if constexpr (std::is_same_v<T, Duration> || std::is_same_v<T, Instant>) {
            return T{static_cast<std::int64_t>(random_())};
        } else if constexpr (std::is_floating_point_v<T>) {
            // Never whole: msgpack packs a whole number as an integer, and in a Value it comes back as one.
            return static_cast<T>(random_() % 100'000) / 8 + T{1} / 16;
        } else if constexpr (std::is_integral_v<T>) {
            return static_cast<T>(random_() >> random_() % 64);  // every width of integer
        } else if constexpr (std::is_same_v<T, std::string>) {
            return text();
        } else if constexpr (std::is_same_v<T, Value>) {
            return any(2);
        } else if constexpr (detail::IsOptional<T>::value) {
            return random_() % 2 == 0 ? T{} : T{value<typename T::value_type>()};
        } else if constexpr (detail::IsMap<T>::value) {
            T map;
            for (std::size_t n = random_() % 4; n > 0; --n) map[text()] = value<typename T::mapped_type>();
            return map;
        } else {
            T list;
            for (std::size_t n = random_() % 4; n > 0; --n) list.push_back(value<typename T::value_type>());
            return list;
        }
    }

    std::string text() {
        std::string out(random_() % 40, '\0');
        for (char& c : out) c = static_cast<char>('!' + random_() % 90);
        return out;
    }

    Value any(int depth) {
        Value out;
        switch (random_() % (depth > 0 ? 7 : 5)) {
            case 0: out.data = std::monostate{}; break;
            case 1: out.data = value<bool>(); break;
            case 2: out.data = value<std::int64_t>(); break;
            case 3: out.data = value<double>(); break;
            case 4: out.data = text(); break;
            case 5: out.data = Value::List{any(depth - 1), any(depth - 1)}; break;
            default: out.data = Value::Map{{text(), any(depth - 1)}}; break;
        }
        return out;
    }

    std::mt19937_64 random_;
};

}  // namespace drover::wire
