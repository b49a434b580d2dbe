#include "driver-manager/drivers/capabilities.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/nearest.hpp"

namespace drover::drivers {
namespace {

constexpr std::string_view kCapabilities[] = {"CAP_AUDIT_CONTROL",   "CAP_AUDIT_READ",   "CAP_AUDIT_WRITE",
                                              "CAP_BLOCK_SUSPEND",   "CAP_BPF",          "CAP_CHECKPOINT_RESTORE",
                                              "CAP_CHOWN",           "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH",
                                              "CAP_FOWNER",          "CAP_FSETID",       "CAP_IPC_LOCK",
                                              "CAP_IPC_OWNER",       "CAP_KILL",         "CAP_LEASE",
                                              "CAP_LINUX_IMMUTABLE", "CAP_MAC_ADMIN",    "CAP_MAC_OVERRIDE",
                                              "CAP_MKNOD",           "CAP_NET_ADMIN",    "CAP_NET_BIND_SERVICE",
                                              "CAP_NET_BROADCAST",   "CAP_NET_RAW",      "CAP_PERFMON",
                                              "CAP_SETFCAP",         "CAP_SETGID",       "CAP_SETPCAP",
                                              "CAP_SETUID",          "CAP_SYSLOG",       "CAP_SYS_ADMIN",
                                              "CAP_SYS_BOOT",        "CAP_SYS_CHROOT",   "CAP_SYS_MODULE",
                                              "CAP_SYS_NICE",        "CAP_SYS_PACCT",    "CAP_SYS_PTRACE",
                                              "CAP_SYS_RAWIO",       "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
                                              "CAP_SYS_TTY_CONFIG",  "CAP_WAKE_ALARM"};

constexpr std::string_view kAll = "CAP_ALL";

std::string with_prefix(std::string_view name) {
    std::string out(name);
    for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out.starts_with("CAP_") ? out : "CAP_" + out;
}

}  // namespace

const std::vector<std::string>& default_capabilities() {
    static const std::vector<std::string> all = {
        "CAP_AUDIT_WRITE", "CAP_CHOWN",  "CAP_DAC_OVERRIDE",     "CAP_FOWNER",  "CAP_FSETID",
        "CAP_KILL",        "CAP_MKNOD",  "CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID",
        "CAP_SETPCAP",     "CAP_SETUID", "CAP_SYS_CHROOT"};
    return all;
}

Result<std::string> capability(std::string_view name) {
    std::string full = with_prefix(name);
    if (std::find(std::begin(kCapabilities), std::end(kCapabilities), full) != std::end(kCapabilities)) return full;
    const std::string meant = nearest(full, kCapabilities);
    return fail(ErrorKind::invalid, "there is no capability \"" + std::string(name) + "\"" +
                                        (meant.empty() ? "" : "; did you mean " + meant + "?"));
}

Result<std::vector<std::string>> choose_capabilities(const std::vector<std::string>& allowed,
                                                     const std::vector<std::string>& add,
                                                     const std::vector<std::string>& drop) {
    const std::set<std::string> possible(allowed.begin(), allowed.end());
    std::set<std::string> chosen;
    for (const std::string& one : default_capabilities())
        if (possible.contains(one)) chosen.insert(one);
    for (const std::string& one : drop) {
        if (with_prefix(one) == kAll) chosen.clear();
        chosen.erase(with_prefix(one));
    }
    for (const std::string& one : add) {
        if (with_prefix(one) == kAll) chosen.insert(possible.begin(), possible.end());
        if (with_prefix(one) == kAll) continue;
        if (!possible.contains(with_prefix(one)))
            return fail(ErrorKind::refused, "this node does not let tasks have the capability " + with_prefix(one) +
                                                "; its owner decides by exec_capabilities");
        chosen.insert(with_prefix(one));
    }
    return std::vector<std::string>(chosen.begin(), chosen.end());
}

}  // namespace drover::drivers
