// libFuzzer's entry for every target: DROVER_FUZZ_TARGET names one, "list" prints their names and "messages" the kinds
// of messages, in the order in which the target "message" counts them.
#include <cstdio>
#include <cstdlib>

#include "fuzz/targets.hpp"

namespace {

using drover::fuzz::Target;

[[noreturn]] void print(std::FILE* file, const std::vector<Target>& targets, int code) {
    for (const Target& one : targets) std::fprintf(file, "%.*s\n", static_cast<int>(one.name.size()), one.name.data());
    std::exit(code);
}

const Target& chosen() {
    static const Target& target = []() -> const Target& {
        const char* value = std::getenv("DROVER_FUZZ_TARGET");
        const std::string_view wanted = value == nullptr ? "" : value;
        if (wanted == "list") print(stdout, drover::fuzz::targets(), 0);
        if (wanted == "messages") print(stdout, drover::fuzz::messages(), 0);
        for (const Target& candidate : drover::fuzz::targets())
            if (candidate.name == wanted) return candidate;
        std::fprintf(stderr, "DROVER_FUZZ_TARGET must be one of:\n");
        print(stderr, drover::fuzz::targets(), 2);
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
