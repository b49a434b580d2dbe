#include "base/hash.hpp"

#include <sys/random.h>

#include <array>

#include "base/check.hpp"

namespace drover {

namespace {
constexpr std::string_view kDigits = "0123456789abcdef";
}

std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed) {
    std::uint64_t h = 0xcbf29ce484222325ULL ^ seed;
    for (const char c : bytes) {
        h ^= static_cast<unsigned char>(c);
        h *= 0x100000001b3ULL;
    }
    h += 0x9e3779b97f4a7c15ULL;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ULL;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebULL;
    return h ^ (h >> 31);
}

std::string to_hex(std::uint64_t value) {
    std::string out(16, '0');
    for (std::size_t i = 16; i-- > 0; value >>= 4) out[i] = kDigits[value & 15];
    return out;
}

std::string random_hex(std::size_t count) {
    std::array<unsigned char, 64> raw{};
    CHECK(count <= raw.size());
    CHECK(getrandom(raw.data(), count, 0) == static_cast<ssize_t>(count));
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += kDigits[raw[i] & 15];
    return out;
}

}  // namespace drover
