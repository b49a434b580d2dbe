#include "driver-manager/fingerprint/runtime.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <sstream>

#include "os/pidfd.hpp"
#include "os/spawn.hpp"

namespace drover::fingerprint {
namespace {

constexpr Duration kPatience = seconds(2);

// What the file is, as far as its directory knows.
std::string identity_of(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return "";
    return path + " " + std::to_string(info.st_ino) + " " + std::to_string(info.st_size) + " " +
           std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
}

// Of at most a pipe's capacity, which is never full with it.
std::string output_of(const std::string& path) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return "";
    const UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    os::SpawnOptions options;
    options.path = path;
    options.argv = {path, "--version"};
    options.fds = {{theirs.get(), STDOUT_FILENO}};
    const auto process = os::spawn(options, os::Stdio::null);
    theirs.reset();
    if (!process) return "";
    if (!os::wait_exited(process->pidfd.get(), kPatience)) (void)os::send_signal(process->pidfd.get(), SIGKILL);
    os::wait_exited(process->pidfd.get(), kPatience);
    os::reap(process->pidfd.get());
    std::array<char, 4096> text{};
    const ssize_t n = ::read(ours.get(), text.data(), text.size());
    return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : "";
}

}  // namespace

bool is_executable_file(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

bool is_directory(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string runtime_version(const std::string& text) {
    std::istringstream words(text);
    std::string word;
    while (words >> word)
        if (word == "version") return words >> word ? word : "";
    return "";
}

std::string Runtime::find() const {
    if (!wanted_.empty()) return is_executable_file(wanted_) ? wanted_ : "";
    const char* const path = std::getenv("PATH");
    std::istringstream dirs(std::string(path != nullptr ? path : "") + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin");
    for (std::string dir; std::getline(dirs, dir, ':');)
        if (dir.starts_with('/') && is_executable_file(dir + "/crun")) return dir + "/crun";
    return "";
}

void Runtime::look() {
    path_ = find();
    const std::string identity = path_.empty() ? "" : identity_of(path_);
    if (identity == asked_) return;
    asked_ = identity;
    version_ = path_.empty() ? "" : runtime_version(output_of(path_));
}

}  // namespace drover::fingerprint
