#include "cli/dev_place.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "cli/place.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/proc.hpp"
#include "secret/key_files.hpp"

namespace drover::cli {
namespace {

constexpr Duration kLeftoverLimit = seconds(7);
constexpr const char* kPublicKey = "secrets.pub";
constexpr const char* kPrivateKey = "secrets.key";
constexpr std::string_view kRawExecRoot = "DROVER_RAW_EXEC_ROOT=";

// Others may pass through a directory of mode 0711, on their way to one that they know and may use.
Result<void> make_private(const std::string& dir, mode_t mode = 0700) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(dir).parent_path(), error);
    if (error) return fail_errno("cannot make the directory above " + dir, error.value());
    if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST)
        return fail_errno("cannot make the directory " + dir, errno);
    struct stat info {};
    if (::lstat(dir.c_str(), &info) != 0) return fail_errno("cannot look at " + dir, errno);
    if (!S_ISDIR(info.st_mode))
        return fail(ErrorKind::refused, dir + " is not a directory; remove it or choose another");
    if (info.st_uid != ::geteuid()) {
        return fail(ErrorKind::refused, dir + " belongs to another user; choose another with --data-dir");
    }
    if (::chmod(dir.c_str(), mode) != 0) return fail_errno("cannot protect the directory " + dir, errno);
    return {};
}

Result<UniqueFd> take_lock(const std::string& data_dir) {
    const std::string path = data_dir + "/dev.lock";
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.valid()) return fail_errno("cannot open " + path, errno);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    if (::fcntl(fd.get(), F_OFD_SETLK, &whole) == 0) return fd;
    return fail(ErrorKind::conflict, "another `drover dev` runs in " + data_dir +
                                         "; use it, stop it, or choose another directory with --data-dir");
}

std::vector<std::string> command_line(pid_t pid) {
    const auto text = os::read_file("/proc/" + std::to_string(pid) + "/cmdline", 1 << 20);
    std::vector<std::string> words;
    if (!text) return words;
    for (std::size_t at = 0; at < text->size();) {
        const std::size_t end = std::min(text->find('\0', at), text->size());
        words.push_back(text->substr(at, end - at));
        at = end + 1;
    }
    return words;
}

bool is_service_of(const std::vector<std::string>& words, const std::string& run_dir) {
    if (words.empty()) return false;
    const std::string program = std::filesystem::path(words.front()).filename().string();
    const bool ours = std::any_of(std::begin(kServices), std::end(kServices),
                                  [&](const char* service) { return program == std::string("drover-") + service; });
    return ours && std::find(words.begin(), words.end(), "--run-dir=" + run_dir) != words.end();
}

}  // namespace

Result<DevPlace> open_dev_place(const std::string& data_dir) {
    DevPlace place;
    place.data_dir = data_dir;
    place.run_dir = run_dir(data_dir);
    std::error_code error;
    place.bin_dir = std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
    if (error) return fail_errno("cannot find this program through /proc/self/exe", error.value());
    // Tasks that run as other users work below it.
    if (auto made = make_private(data_dir, ::geteuid() == 0 ? 0711 : 0700); !made) return tl::unexpected(made.error());
    for (const std::string& dir : {place.run_dir, data_dir + "/logs"}) {
        if (auto made = make_private(dir); !made) return tl::unexpected(made.error());
    }
    auto lock = take_lock(data_dir);
    if (!lock) return tl::unexpected(lock.error());
    place.lock = std::move(*lock);
    auto keys = secret::make_key_files(data_dir + "/" + kPublicKey, data_dir + "/" + kPrivateKey);
    if (!keys) return tl::unexpected(keys.error());
    return place;
}

Result<std::size_t> end_leftovers(const DevPlace& place) {
    std::vector<UniqueFd> found;
    for (const os::ProcStat& proc : os::all_procs()) {
        auto pidfd = os::open_pidfd(proc.pid);
        // Looked at after the descriptor was taken, so that it names the process looked at.
        if (!pidfd || !is_service_of(command_line(proc.pid), place.run_dir)) continue;
        if (auto sent = os::send_signal(pidfd->get(), SIGTERM); !sent) return tl::unexpected(sent.error());
        found.push_back(std::move(*pidfd));
    }
    for (const UniqueFd& pidfd : found) {
        if (os::wait_exited(pidfd.get(), kLeftoverLimit)) continue;
        (void)os::send_signal(pidfd.get(), SIGKILL);
        if (!os::wait_exited(pidfd.get(), kLeftoverLimit)) {
            return fail(ErrorKind::io, "a service that an earlier `drover dev` left in " + place.data_dir +
                                           " does not end, not even by SIGKILL");
        }
    }
    return found.size();
}

std::vector<ChildSpec> dev_services(const DevPlace& place, const std::string& http, std::vector<std::string> env) {
    std::vector<ChildSpec> specs;
    for (const std::string service : kServices) {
        std::string peers;
        for (const std::string other : kServices) {
            if (other != service) peers += (peers.empty() ? "" : ",") + voice(place.run_dir, other);
        }
        ChildSpec spec;
        spec.name = service;
        spec.path = place.bin_dir + "/drover-" + service;
        spec.argv = {spec.path,
                     "--id=" + service + "-0",
                     "--data-dir=" + place.data_dir + "/" + service,
                     "--run-dir=" + place.run_dir,
                     "--bind=" + voice(place.run_dir, service),
                     "--tap=" + tap(place.run_dir, service),
                     "--peers=" + peers};
        if (service == "gateway") {
            spec.argv.push_back("--http=" + http);
            spec.argv.push_back("--secrets-public-key-file=" + place.data_dir + "/" + kPublicKey);
        }
        if (service == "driver-manager") {
            spec.argv.push_back("--secrets-private-key-file=" + place.data_dir + "/" + kPrivateKey);
        }
        spec.env = env;
        // Who starts this also says what runs.
        if (service == "driver-manager" && std::none_of(env.begin(), env.end(), [](const std::string& entry) {
                return entry.starts_with(kRawExecRoot);
            }))
            spec.env.push_back(std::string(kRawExecRoot) + "allow");
        spec.log = place.data_dir + "/logs/" + service + ".log";
        specs.push_back(std::move(spec));
    }
    return specs;
}

}  // namespace drover::cli
