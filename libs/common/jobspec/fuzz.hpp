// The entry for libFuzzer and the mutation test.
#pragma once

#include <cstddef>
#include <cstdint>

namespace drover::jobspec {

// Parses the bytes as a job file and CHECKs what a result promises. Always 0.
int fuzz_jobspec(const std::uint8_t* data, std::size_t size);

}  // namespace drover::jobspec
