#include "integration/dockerd.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/check.hpp"
#include "integration/procfs.hpp"
#include "integration/wait.hpp"

namespace drover::integration {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBusybox = "/bin/busybox";
constexpr const char* kDaemon = "/usr/sbin/dockerd";
constexpr const char* kApplets[] = {"sh", "cat", "echo", "grep", "head", "ls", "seq", "sleep", "stty", "tail"};
constexpr Duration kPatience = seconds(60);

std::string make_directory() {
    char path[] = "/tmp/drover-dockerd-XXXXXX";
    CHECK(mkdtemp(path) != nullptr);
    return path;
}

// File systems of containers that it left.
void unmount_all_below(const std::string& dir) {
    std::vector<std::string> paths;
    std::ifstream mounts("/proc/self/mounts");
    for (std::string source, path, rest; mounts >> source >> path && std::getline(mounts, rest);)
        if (path.starts_with(dir + "/")) paths.push_back(path);
    for (auto path = paths.rbegin(); path != paths.rend(); ++path) umount2(path->c_str(), MNT_DETACH);
}

}  // namespace

std::string Dockerd::missing() {
    if (geteuid() != 0) return "a Docker daemon needs root";
    for (const char* program : {kDaemon, "/usr/bin/docker", kBusybox})
        if (access(program, X_OK) != 0) return std::string("there is no ") + program;
    return "";
}

Dockerd::Dockerd(std::string storage) : storage_(std::move(storage)), dir_(make_directory()) {
    start();
    make_image();
}

Dockerd::~Dockerd() {
    // They would outlive their daemon.
    const Outcome left = run({"/usr/bin/docker", "-H", "unix://" + socket(), "ps", "-aq"}, {});
    std::istringstream ids(left.out);
    for (std::string id; ids >> id;) run({"/usr/bin/docker", "-H", "unix://" + socket(), "rm", "-f", id}, {});
    ::kill(pid_, SIGTERM);
    reap(pid_, seconds(20));
    end_all_with(dir_);
    unmount_all_below(dir_);
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
}

// Nothing of a daemon that the machine may have is shared with it, and no rule of its firewall is touched.
void Dockerd::start() {
    fs::remove(dir_ + "/pid");
    const std::string log = dir_ + "/log";
    pid_ = spawn({kDaemon, "--data-root=" + dir_ + "/data", "--exec-root=" + dir_ + "/exec",
                  "--pidfile=" + dir_ + "/pid", "--host=unix://" + socket(), "--storage-driver=" + storage_,
                  "--live-restore", "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-masq=false",
                  "--containerd-namespace=drover-test", "--containerd-plugins-namespace=drover-test-plugins"},
                 {}, log, log);
    const Words version = {"/usr/bin/docker", "-H", "unix://" + socket(), "version"};
    EXPECT_TRUE(eventually([&] { return run(version, {}).code == 0; }, kPatience)) << "see " << log;
}

void Dockerd::kill() {
    ::kill(pid_, SIGKILL);
    reap(pid_, seconds(10));
}

std::string Dockerd::docker(const Words& arguments) const {
    Words words = {"/usr/bin/docker", "-H", "unix://" + socket()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const Outcome outcome = run(words, {}, kPatience);
    EXPECT_EQ(outcome.code, 0) << arguments.front() << ": " << outcome.err;
    return outcome.out.substr(0, outcome.out.find_last_not_of('\n') + 1);
}

void Dockerd::make_image() {
    const std::string root = dir_ + "/root";
    fs::create_directories(root + "/bin");
    fs::copy_file(kBusybox, root + "/bin/busybox");
    for (const char* applet : kApplets) fs::create_symlink("busybox", root + "/bin/" + applet);
    const std::string tar = dir_ + "/root.tar";
    EXPECT_EQ(run({"/bin/tar", "-C", root, "-c", "-f", tar, "."}, {}).code, 0);
    docker({"import", tar, kTestImage});
    docker({"save", "-o", archive(), kTestImage});
}

}  // namespace drover::integration
