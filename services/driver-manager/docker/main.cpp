// drover-docker: what Drover says to a Docker daemon. Started by drover-driver-manager, not for use by hand.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "driver-manager/docker/verbs.hpp"

namespace {

using drover::Result;
namespace docker = drover::docker;

constexpr const char* kUsage =
    "usage: drover-docker DIRECTORY                                supervises a container\n"
    "       drover-docker look SOCKET                              prints the daemon's version\n"
    "       drover-docker image SOCKET SILENCE_MS FORCE IMAGE TAR AUTH_FILE\n"
    "                                                              gets an image; standard input may hold a login\n"
    "       drover-docker sweep SOCKET NODE RECORDS                removes containers without a record\n"
    "Started by drover-driver-manager; not for use by hand.\n";

constexpr int kMayHelpToTryAgain = 1;
constexpr int kNeverWill = 2;
constexpr int kNoDaemon = 3;
constexpr int kWrongUse = 64;

// At most 64 KiB.
std::string read_input() {
    std::string out(64 << 10, '\0');
    out.resize(std::fread(out.data(), 1, out.size(), stdin));
    return out;
}

int tell(const Result<void>& result) {
    if (result) return 0;
    std::printf("%s\n", result.error().message.c_str());
    switch (result.error().kind) {
        case drover::ErrorKind::unavailable: return kNoDaemon;
        case drover::ErrorKind::io: return kMayHelpToTryAgain;
        default: return kNeverWill;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 1 && words[0].starts_with("/")) return docker::supervise(words[0].c_str());
    ::signal(SIGPIPE, SIG_IGN);
    if (words.size() == 2 && words[0] == "look") return tell(docker::look(docker::Engine(words[1])));
    if (words.size() == 7 && words[0] == "image") {
        std::int64_t silence_ms = 0;
        std::from_chars(words[2].data(), words[2].data() + words[2].size(), silence_ms);
        return tell(docker::get_image(docker::Engine(words[1]),
                                      {words[4], words[5], words[3] == "1", drover::milliseconds(silence_ms),
                                       docker::parse_login(read_input()), words[6]}));
    }
    if (words.size() == 4 && words[0] == "sweep")
        return tell(docker::sweep(docker::Engine(words[1]), words[2], words[3]));
    std::fputs(kUsage, stderr);
    return kWrongUse;
}
