// The entry for libFuzzer and the replay test.
#pragma once

#include <cstddef>
#include <cstdint>

namespace drover::templating {

// Compiles the bytes as a template, renders it, and CHECKs what the results promise. Always 0.
int fuzz_template(const std::uint8_t* data, std::size_t size);

}  // namespace drover::templating
