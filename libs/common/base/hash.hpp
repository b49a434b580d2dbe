// Stable hashing: the same bytes give the same number in every process, build and release. Used for ids that must be
// said again after a crash, for jitter and for rendezvous hashing; not for secrets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drover {

// FNV-1a over the bytes, finished with the splitmix64 mixer so that every bit depends on every byte.
std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed = 0);

// 16 lower-case hex digits.
std::string to_hex(std::uint64_t value);

// `count` random lower-case hex digits from the kernel; for shells only, cores are deterministic.
std::string random_hex(std::size_t count);

}  // namespace drover
