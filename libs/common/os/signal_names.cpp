#include "os/signal_names.hpp"

#include <string.h>

#include <csignal>

namespace drover::os {

Result<int> signal_number(const std::string& name) {
    if (name.empty()) return SIGINT;
    const std::string abbreviation = name.starts_with("SIG") ? name.substr(3) : name;
    for (int number = 1; number < NSIG; ++number) {
        const char* known = sigabbrev_np(number);
        if (known != nullptr && abbreviation == known) return number;
    }
    return fail(ErrorKind::invalid, "there is no signal " + name);
}

std::string signal_name(int number) {
    const char* const name = sigabbrev_np(number);
    return name != nullptr ? "SIG" + std::string(name) : std::to_string(number);
}

}  // namespace drover::os
