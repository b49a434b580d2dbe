// drover-external: started by drover-driver-manager, not for use by hand.
#include <cstdio>
#include <string_view>

#include "driver-manager/external/verbs.hpp"

namespace {

constexpr const char* kUsage =
    "usage: drover-external DIRECTORY        supervises a task of an external driver\n"
    "       drover-external launch PROGRAM   becomes the driver of the current directory\n"
    "Started by drover-driver-manager; not for use by hand.\n";

constexpr int kWrongUse = 64;

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && *argv[1] == '/') return drover::external::supervise(argv[1]);
    if (argc == 3 && std::string_view(argv[1]) == "launch") return drover::external::launch(argv[2]);
    std::fputs(kUsage, stderr);
    return kWrongUse;
}
