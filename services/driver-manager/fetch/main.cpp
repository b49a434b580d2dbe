#include <locale.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "driver-manager/fetch/fetch.hpp"

namespace {

constexpr std::size_t kMaxInput = 1 << 20;

std::string read_input() {
    std::string out;
    char chunk[4096];
    while (out.size() < kMaxInput) {
        const ssize_t n = ::read(STDIN_FILENO, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        out.append(chunk, static_cast<std::size_t>(n));
    }
    return out;
}

}  // namespace

int main() {
    namespace fetch = drover::fetch;
    // Names in archives are UTF-8.
    ::setlocale(LC_CTYPE, "C.UTF-8");
    const auto request = fetch::decode(read_input());
    const drover::Result<void> done = request ? fetch::fetch(*request) : tl::unexpected(request.error());
    if (done) return fetch::kDone;
    std::fputs(done.error().message.c_str(), stdout);
    return done.error().kind == drover::ErrorKind::unavailable ? fetch::kMayHelpToTryAgain : fetch::kNeverWill;
}
