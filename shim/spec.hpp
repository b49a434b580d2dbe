// The spec file: what to run and how. Entries "key=value", each ended by NUL; keys that may repeat keep their order.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

namespace drover::shim {

constexpr size_t kMaxSpecBytes = 4 << 20;
constexpr size_t kMaxSpecStrings = 65536;  // arguments and variables together
constexpr int kMaxGroups = 256;
constexpr int kMaxCgroups = 8;
constexpr int kMaxSettings = 16;

// Points into the bytes it was parsed from, which must stay.
struct Spec {
    const char* id = "";
    const char* task = "";
    const char* work_dir = "/";
    const char* log_dir = "";
    char** argv = nullptr;  // each ended by a null pointer
    char** envp = nullptr;
    char** beside = nullptr;  // what runs in the place of a command beside the task; empty: that command
    bool has_user = false;
    uid_t uid = 0;
    gid_t gid = 0;
    gid_t groups[kMaxGroups] = {};
    int group_count = 0;
    const char* cgroups[kMaxCgroups] = {};
    int cgroup_count = 0;
    const char* settings[kMaxSettings] = {};  // "path=value", for the files of the control groups
    int setting_count = 0;
    uint64_t log_max_files = 10;
    uint64_t log_max_size = 10 << 20;
    bool discards_output = false;
    int64_t start_delay_ns = 0;
    const char* exit_error = "";  // told of an end that nobody asked for
    bool isolated = false;        // argv is that of a runtime (protocol.h)
    // Of a task that another program supervises in the place of the shim.
    const char* supervisor = "";  // its path, for the launcher
    const char* container = "";   // of a container: the body that creates it
    const char* engine = "";      // where who runs the task is found: a daemon's socket, a driver's home
};

// Pointers that the lists of a spec of `size` bytes may need.
size_t spec_pointers(const char* bytes, size_t size);

// False with a sentence in `error`. `pointers` has room for spec_pointers(bytes, size).
bool parse_spec(const char* bytes, size_t size, char** pointers, Spec* out, char* error, size_t error_size);

}  // namespace drover::shim
