#include "driver-manager/shell/host_root.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <map>

#include "base/hash.hpp"
#include "base/unique_fd.hpp"
#include "host/log.hpp"
#include "os/files.hpp"
#include "os/remove.hpp"

namespace drover::driver_manager {
namespace {

constexpr std::size_t kMaxProgram = 256 << 20;  // bytes
constexpr std::size_t kMaxLibraries = 1000;
constexpr const char* kPrograms[] = {"drover-shim",     "drover-fetch",   "drover-docker",
                                     "drover-external", "drover-session", "drover-mock-task"};

// Where processes may be moved from our group to one outside of what the namespace shows. Version 1 needs none of it.
void leave_cgroup_namespace() {
    const UniqueFd machine(::open("/proc/1/ns/cgroup", O_RDONLY | O_CLOEXEC));
    if (machine.valid() && ::setns(machine.get(), CLONE_NEWCGROUP) == 0) return;
    log::debug("the control group namespace stays that of the container", {{"errno", errno}});
}

using Files = std::map<std::string, std::string>;  // by their names below the directory

// Libraries for what is linked to them, and the loader that finds them there: the machine may have others.
Result<Files> read_programs(const std::string& from) {
    Files files;
    std::vector<std::string> names(std::begin(kPrograms), std::end(kPrograms));
    for (const std::string& name : os::list_dir(from + "/lib", kMaxLibraries).value_or(std::vector<std::string>()))
        names.push_back("lib/" + name);
    for (const std::string& name : names) {
        if (!os::exists(from + "/" + name)) continue;
        auto bytes = os::read_file(from + "/" + name, kMaxProgram);
        if (!bytes) return tl::unexpected(bytes.error());
        files[name] = std::move(*bytes);
    }
    return files;
}

std::string hash_of(const Files& files) {
    std::uint64_t hash = 0;
    for (const auto& [name, bytes] : files) hash = stable_hash(bytes, stable_hash(name, hash));
    return to_hex(hash);
}

Result<void> write_programs(const Files& files, const std::string& dir) {
    for (const std::string& path : {dir, dir + "/lib"})
        if (const auto made = os::make_dir(path, 0755); !made) return tl::unexpected(made.error());
    for (const auto& [name, bytes] : files)
        if (auto done = os::write_file_atomic(dir + "/" + name, bytes, 0755, os::Durable::no); !done) return done;
    return {};
}

void remove_others(const std::string& dir, const std::string& kept) {
    for (const std::string& name : os::list_dir(dir, kMaxLibraries).value_or(std::vector<std::string>()))
        if (name != kept) (void)os::remove_tree(dir + "/" + name);
}

}  // namespace

Result<Container> enter_host(const std::string& host_root) {
    std::array<char, PATH_MAX> self{};
    const ssize_t n = ::readlink("/proc/self/exe", self.data(), self.size() - 1);
    const std::string program(self.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    // Open until the end: it is the way back to the container's files.
    const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return fail_errno("cannot open the root directory of the container", errno);
    if (::chroot(host_root.c_str()) != 0 || ::chdir("/") != 0)
        return fail_errno("cannot make " + host_root + " the root directory (the container needs CAP_SYS_CHROOT)",
                          errno);
    Container out;
    out.root = "/proc/self/fd/" + std::to_string(root);
    out.programs = out.root + program.substr(0, program.rfind('/'));
    if (!os::exists(out.programs))
        return fail(ErrorKind::invalid, "there is no /proc of this process below " + host_root +
                                            ": mount the machine's whole root there and use its PID namespace");
    leave_cgroup_namespace();
    // What tasks inherit is the machine's.
    ::setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    for (const char* name : {"HOME", "HOSTNAME"}) ::unsetenv(name);
    return out;
}

Result<std::string> bring_programs(const std::string& from, const std::string& data_dir) {
    const auto files = read_programs(from);
    if (!files) return tl::unexpected(files.error());
    const std::string all = data_dir + "/programs";
    if (const auto made = os::make_dir(all, 0755); !made) return tl::unexpected(made.error());
    const std::string hash = hash_of(*files);
    // Complete once it has its name.
    if (!os::exists(all + "/" + hash)) {
        const std::string fresh = all + "/new";
        (void)os::remove_tree(fresh);
        if (const auto written = write_programs(*files, fresh); !written) return tl::unexpected(written.error());
        if (::rename(fresh.c_str(), (all + "/" + hash).c_str()) != 0)
            return fail_errno("cannot put the programs into " + all, errno);
    }
    remove_others(all, hash);
    return all + "/" + hash;
}

}  // namespace drover::driver_manager
