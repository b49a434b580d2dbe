#include "driver-manager/drivers/seccomp.hpp"

#include <algorithm>

namespace drover::drivers {
namespace {

using Names = std::vector<std::string>;

struct Group {
    const char* lifted_by;  // a capability, or null
    Names names;
};

// Most of these the kernel refuses to who lacks the capability, or was meant to until somebody found a way around.
const std::vector<Group>& groups() {
    static const std::vector<Group> all = {
        {"CAP_SYS_ADMIN",
         {"mount",       "umount",        "umount2",       "move_mount",     "open_tree",     "open_tree_attr",
          "fsopen",      "fsconfig",      "fsmount",       "fspick",         "mount_setattr", "pivot_root",
          "setns",       "unshare",       "swapon",        "swapoff",        "quotactl",      "quotactl_fd",
          "sethostname", "setdomainname", "fanotify_init", "lookup_dcookie", "bpf",           "perf_event_open"}},
        {"CAP_SYS_PTRACE",
         {"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"}},
        {"CAP_SYS_MODULE", {"init_module", "finit_module", "delete_module", "create_module", "query_module"}},
        {"CAP_SYS_BOOT", {"reboot", "kexec_load", "kexec_file_load"}},
        {"CAP_SYS_TIME",
         {"settimeofday", "stime", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex"}},
        {"CAP_SYS_RAWIO", {"iopl", "ioperm"}},
        {"CAP_SYS_PACCT", {"acct"}},
        {"CAP_SYS_TTY_CONFIG", {"vhangup"}},
        {"CAP_SYSLOG", {"syslog"}},
        {"CAP_DAC_READ_SEARCH", {"open_by_handle_at"}},
        // Keys are the user's on the whole node; the others are large and rarely needed ways into the kernel, or
        // remains.
        {nullptr,
         {"add_key", "request_key", "keyctl", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
          "nfsservctl", "uselib", "ustat", "sysfs", "_sysctl", "vm86", "vm86old", "get_kernel_syms"}},
    };
    return all;
}

bool has(const std::vector<std::string>& capabilities, const char* one) {
    return std::find(capabilities.begin(), capabilities.end(), one) != capabilities.end();
}

// New namespaces, each of which has a flag of its own; those of clone3 lie in memory where no filter sees them, so that
// one is not there at all, and C libraries fall back.
void refuse_namespaces(std::vector<SyscallRule>& out) {
    constexpr int kNoSuchCall = 38;
    constexpr std::uint64_t kFlags[] = {0x00020000, 0x02000000, 0x04000000, 0x08000000,
                                        0x10000000, 0x20000000, 0x40000000};
    for (const std::uint64_t flag : kFlags)
        out.push_back({.names = {"clone"}, .argument = 0, .mask = flag, .value = flag});
    out.push_back({.names = {"clone3"}, .error = kNoSuchCall});
}

// Even with CAP_MKNOD, which is good for pipes: there is no device that a task could not already have.
void refuse_devices(std::vector<SyscallRule>& out) {
    constexpr std::uint64_t kType = 0170000;
    for (const std::uint64_t device : {std::uint64_t{0020000}, std::uint64_t{0060000}}) {
        out.push_back({.names = {"mknod"}, .argument = 1, .mask = kType, .value = device});
        out.push_back({.names = {"mknodat"}, .argument = 2, .mask = kType, .value = device});
    }
}

}  // namespace

std::vector<SyscallRule> refused_syscalls(const std::vector<std::string>& capabilities) {
    std::vector<SyscallRule> out(1);
    for (const Group& group : groups()) {
        if (group.lifted_by != nullptr && has(capabilities, group.lifted_by)) continue;
        out[0].names.insert(out[0].names.end(), group.names.begin(), group.names.end());
    }
    if (!has(capabilities, "CAP_SYS_ADMIN")) refuse_namespaces(out);
    refuse_devices(out);
    // The machine that runs this one as a guest, and the terminal of whoever looks at the task.
    constexpr std::uint64_t kVsock = 40;
    constexpr std::uint64_t kPushInput = 0x5412;
    constexpr std::uint64_t kInt = 0xffffffff;
    out.push_back({.names = {"socket"}, .argument = 0, .mask = kInt, .value = kVsock});
    out.push_back({.names = {"ioctl"}, .argument = 1, .mask = kInt, .value = kPushInput});
    return out;
}

}  // namespace drover::drivers
