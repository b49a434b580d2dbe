#include "integration/compose.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/check.hpp"
#include "integration/http.hpp"
#include "integration/procfs.hpp"
#include "integration/wait.hpp"

namespace drover::integration {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCompose = "/usr/bin/docker-compose";
constexpr const char* kStackServices[] = {"state-store", "alloc-runner", "driver-manager", "gateway"};
constexpr Duration kComposePatience = minutes(2);

std::string make_stack_directory() {
    char path[] = "/tmp/drover-compose-XXXXXX";
    CHECK(mkdtemp(path) != nullptr);
    chmod(path, 0755);
    return path;
}

// As /proc/self/mountinfo has it: "27 1 254:0 / / rw,relatime shared:1 - ext4 ...".
bool root_is_shared() {
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);)
        if (line.find(" / / ") != std::string::npos) return line.find(" shared:") != std::string::npos;
    return false;
}

// The images are large, and made anew often.
std::string storage_driver() {
    return read_proc("/proc/filesystems").find("overlay") == std::string::npos ? "vfs" : "overlay2";
}

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string word; in >> word;) out.push_back(word);
    return out;
}

void unmount_what_is_below(const std::string& dir) {
    std::ifstream mounts("/proc/self/mounts");
    for (std::string source, path, rest; mounts >> source >> path && std::getline(mounts, rest);)
        if (path.starts_with(dir + "/")) umount2(path.c_str(), MNT_DETACH);
}

}  // namespace

std::string Compose::missing() {
    if (const std::string why = Dockerd::missing(); !why.empty()) return why;
    return access(kCompose, X_OK) == 0 ? "" : std::string("there is no ") + kCompose;
}

// Ports below the ephemeral ones, others for each run.
Compose::Compose()
    : dir_(make_stack_directory()),
      ports_(130 + static_cast<int>(getpid() % 150)),
      daemon_(std::make_unique<Dockerd>(storage_driver())) {
    make_image();
    write_override();
    compose({"run", "--rm", "keys"});
}

Compose::~Compose() {
    if (testing::Test::HasFailure())
        for (const char* service : kStackServices)
            std::fprintf(stderr, "---- %s\n%s\n", service, logs(service).c_str());
    compose({"down", "-v", "-t", "1"});
    end_all_with(dir_);
    daemon_.reset();
    unmount_what_is_below(dir_);
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
}

std::string Compose::endpoint(int n) const {
    return "tcp://127.0.0.1:" + std::to_string(ports_) + (n < 10 ? "0" : "") + std::to_string(n);
}

void Compose::make_image() {
    const std::string source = DROVER_SOURCE;
    const std::string context = dir_ + "/context";
    fs::create_directories(context + "/deploy");
    for (const char* file : {"/LICENSE", "/deploy/Dockerfile", "/deploy/README.md"})
        fs::copy_file(source + file, context + file);
    const Outcome staged =
        run({source + "/deploy/stage", DROVER_BIN "/..", context + "/build/stage"}, {}, kComposePatience);
    EXPECT_EQ(staged.code, 0) << staged.err;
    use_newer_image();
}

void Compose::use_newer_image() {
    const Outcome built = run({"/usr/bin/docker", "-H", "unix://" + daemon_->socket(), "build", "-q", "--target",
                               "prebuilt", "-f", dir_ + "/context/deploy/Dockerfile", "--label",
                               "made=" + std::to_string(++images_), "-t", "drover-test", dir_ + "/context"},
                              {"DOCKER_BUILDKIT=0"}, kComposePatience);
    EXPECT_EQ(built.code, 0) << built.err;
}

// What differs on the machine of a test: sanitizers need more memory, and the daemon is not the machine's.
void Compose::write_override() const {
    std::ofstream out(dir_ + "/override.yml");
    out << "services:\n";
    for (const std::string service : kStackServices) {
        out << "  " << service << ":\n    mem_limit: 4g\n    cpus: 2.0\n    environment:\n"
            << "      ASAN_OPTIONS: detect_leaks=0\n";
        if (service == "alloc-runner") out << "      DROVER_NODE_LOST_AFTER: 3s\n";
        if (service != "driver-manager") continue;
        out << "      DROVER_DOCKER_SOCKET: " << daemon_->socket() << "\n      DROVER_FINGERPRINT_INTERVAL: 1s\n";
    }
}

Words Compose::environment() const {
    return {"DOCKER_HOST=unix://" + daemon_->socket(),
            "DROVER_IMAGE=drover-test",
            "DROVER_KEYS=" + keys(),
            "DROVER_TOKEN_FILE=" + keys() + "/admin.token",
            "DROVER_DATA=" + dir_ + "/nodes",
            "DROVER_PORTS=" + std::to_string(ports_),
            "DROVER_HTTP=" + endpoint(99).substr(std::string("tcp://").size()),
            "DROVER_ADDR=" + endpoint(99).substr(std::string("tcp://").size()),
            "DROVER_RAW_EXEC_ROOT=allow",
            std::string("DROVER_ROOT_MOUNT=") + (root_is_shared() ? "rw,rshared" : "rw"),
            "NO_COLOR=1"};
}

std::string Compose::compose(const Words& arguments) const {
    Words words = {kCompose, "--no-ansi",
                   "-p",     "drover",
                   "-f",     std::string(DROVER_SOURCE) + "/deploy/docker-compose.yml",
                   "-f",     dir_ + "/override.yml"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const Outcome outcome = run(words, environment(), kComposePatience);
    EXPECT_EQ(outcome.code, 0) << arguments.front() << ": " << outcome.out << outcome.err;
    return outcome.out;
}

std::vector<std::string> Compose::containers(const std::string& service) const {
    Words words = {"ps", "-q", "--no-trunc", "--filter", "label=com.docker.compose.project=drover"};
    if (!service.empty()) words.insert(words.end(), {"--filter", "label=com.docker.compose.service=" + service});
    return words_of(daemon_->docker(words));
}

pid_t Compose::pid(const std::string& container) const {
    const Outcome said =
        run({"/usr/bin/docker", "-H", "unix://" + daemon_->socket(), "inspect", "-f", "{{.State.Pid}}", container}, {});
    pid_t pid = 0;
    std::from_chars(said.out.data(), said.out.data() + said.out.size(), pid);
    return pid;
}

bool Compose::healthy(const std::string& container) const {
    const Outcome said = run({"/usr/bin/docker", "-H", "unix://" + daemon_->socket(), "inspect", "-f",
                              "{{.State.Health.Status}}", container},
                             {});
    return said.out == "healthy\n";
}

bool Compose::all_well(std::size_t expected) const {
    const auto running = containers("");
    if (running.size() != expected) return false;
    for (const std::string& container : running)
        if (!healthy(container)) return false;
    const Json health = get("/v1/health");
    return health.is_object() && health.value("ok", false);
}

std::string Compose::logs(const std::string& service) const {
    std::string out;
    for (const std::string& container :
         words_of(daemon_->docker({"ps", "-aq", "--filter", "label=com.docker.compose.service=" + service}))) {
        const Outcome said =
            run({"/usr/bin/docker", "-H", "unix://" + daemon_->socket(), "logs", "--tail", "200", container}, {});
        out += said.out + said.err;
    }
    return out;
}

Outcome Compose::drover(const Words& arguments) const {
    Words words = {std::string(DROVER_BIN) + "/drover"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run(words, environment(), kComposePatience);
}

void Compose::submit(const std::string& name, const std::string& document) const {
    const std::string path = dir_ + "/" + name + ".yaml";
    std::ofstream(path) << document;
    const Outcome outcome = drover({"job", "run", "--detach", path});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
}

Json Compose::get(const std::string& path) const {
    std::string token = read_proc(keys() + "/admin.token");
    token.erase(std::min(token.find('\n'), token.size()));
    Json json = Json::parse(http_get(endpoint(99).substr(std::string("tcp://").size()), path, token), nullptr, false);
    return json.is_discarded() ? Json() : json;
}

std::vector<Json> Compose::allocs(const std::string& job) const {
    const Json view = get("/v1/jobs/" + job);
    return view.is_object() ? view.value("allocs", std::vector<Json>{}) : std::vector<Json>{};
}

}  // namespace drover::integration
