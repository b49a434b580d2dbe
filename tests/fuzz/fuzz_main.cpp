// libFuzzer's entry for every target: DROVER_FUZZ_TARGET names one, "list" prints their names.
#include <cstdio>
#include <cstdlib>

#include "fuzz/targets.hpp"

namespace {

const drover::fuzz::Target& chosen() {
    static const drover::fuzz::Target& target = []() -> const drover::fuzz::Target& {
        const char* wanted = std::getenv("DROVER_FUZZ_TARGET");
        for (const auto& candidate : drover::fuzz::targets()) {
            if (wanted != nullptr && candidate.name == wanted) return candidate;
        }
        const bool list = wanted != nullptr && std::string_view(wanted) == "list";
        if (!list) std::fprintf(stderr, "DROVER_FUZZ_TARGET must be one of:\n");
        for (const auto& candidate : drover::fuzz::targets()) {
            std::fprintf(list ? stdout : stderr, "%.*s\n", static_cast<int>(candidate.name.size()),
                         candidate.name.data());
        }
        std::exit(list ? 0 : 2);
    }();
    return target;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    chosen();
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    chosen().run({reinterpret_cast<const char*>(data), size});
    return 0;
}
