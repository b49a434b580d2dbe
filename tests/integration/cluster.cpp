#include "integration/cluster.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/check.hpp"
#include "integration/http.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string make_dir() {
    char path[] = "/tmp/drover-it-XXXXXX";
    CHECK(mkdtemp(path) != nullptr);
    return path;
}

// A process that outlives the test and ends what it left, also when the test was killed. It waits for the end of the
// pipe whose other end only the test holds.
UniqueFd start_guardian(const std::string& dir) {
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        setsid();
        for (int fd = 0; fd < 64; ++fd) {
            if (fd != ends[0]) close(fd);
        }
        char byte;
        while (read(ends[0], &byte, 1) > 0) continue;
        end_all_with(dir);
        _exit(0);
    }
    close(ends[0]);
    return UniqueFd(ends[1]);
}

// Secrets of tasks that nobody destroyed.
void unmount_below(const std::string& dir) {
    std::ifstream mounts("/proc/self/mounts");
    for (std::string source, path, rest; mounts >> source >> path && std::getline(mounts, rest);)
        if (path.starts_with(dir + "/")) umount2(path.c_str(), MNT_DETACH);
}

}  // namespace

const char* to_string(Service service) {
    switch (service) {
        case Service::state_store: return "state-store";
        case Service::alloc_runner: return "alloc-runner";
        case Service::driver_manager: return "driver-manager";
        case Service::gateway: return "gateway";
    }
    return "?";
}

Cluster::Cluster(Programs programs)
    : programs_(std::move(programs)), dir_(make_dir()), guardian_(start_guardian(dir_)) {
    fs::create_directories(dir_ + "/run");
    for (const Service service : kServices) start(service);
    EXPECT_TRUE(eventually([this] { return healthy(); }, seconds(30))) << get("/v1/health") << logs();
}

Cluster::~Cluster() {
    if (testing::Test::HasFailure()) std::fprintf(stderr, "%s\n", logs().c_str());
    for (const Service service : kServices) kill(service);
    end_all_with(dir_);
    unmount_below(dir_);
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
}

std::string Cluster::endpoint(Service service) const {
    return "ipc://" + dir_ + "/run/" + to_string(service) + ".sock";
}

std::string Cluster::tap_endpoint(Service service) const {
    return "ipc://" + dir_ + "/run/" + to_string(service) + "-tap.sock";
}

Words Cluster::command(Service service) const {
    const std::string name = to_string(service);
    std::string peers;
    for (const Service peer : kServices) {
        if (peer != service) peers += (peers.empty() ? "" : ",") + endpoint(peer);
    }
    const auto other = programs_.find(service);
    Words words = {(other == programs_.end() ? DROVER_BIN : other->second) + "/drover-" + name,
                   "--id=" + name + "-0",
                   "--data-dir=" + dir_ + "/" + name,
                   "--run-dir=" + dir_ + "/run",
                   "--bind=" + endpoint(service),
                   "--tap=" + tap_endpoint(service),
                   "--peers=" + peers};
    if (service == Service::gateway) words.push_back("--http=127.0.0.1:0");
    if (service == Service::driver_manager) words.push_back("--raw-exec-root=allow");
    return words;
}

void Cluster::start(Service service) {
    const std::string log = dir_ + "/" + to_string(service) + ".log";
    pids_[service] = spawn(command(service), {}, log, log);
}

void Cluster::kill(Service service) {
    const pid_t pid = pids_[service];
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    pids_[service] = 0;
}

bool Cluster::ready(Service service) const {
    const std::string said = slurp(dir_ + "/run/drover-" + to_string(service) + ".ready");
    const pid_t pid = pids_.at(service);
    return pid > 0 && said.substr(0, said.find('\n')) == std::to_string(pid);
}

bool Cluster::healthy() const {
    for (const Service service : kServices) {
        if (!ready(service)) return false;
    }
    return answers();
}

bool Cluster::answers() const {
    const Json health = get("/v1/health");
    return health.is_object() && health.value("ok", false);
}

Outcome Cluster::drover(const Words& arguments, Duration limit) const {
    Words words = {std::string(DROVER_BIN) + "/drover"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run(words, {"DROVER_DATA_DIR=" + dir_, "NO_COLOR=1"}, limit);
}

void Cluster::submit(const std::string& name, const std::string& document) {
    const std::string path = dir_ + "/" + name + ".yaml";
    std::ofstream(path) << document;
    const Outcome outcome = drover({"job", "run", "--detach", path});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err << logs();
}

Json Cluster::get(const std::string& path) const {
    std::string address = slurp(dir_ + "/run/gateway.addr");
    address = address.substr(0, address.find('\n'));
    if (const auto scheme = address.find("://"); scheme != std::string::npos) address = address.substr(scheme + 3);
    Json json = Json::parse(http_get(address, path), nullptr, false);
    return json.is_discarded() ? Json() : json;
}

std::vector<Json> Cluster::allocs(const std::string& job) const {
    const Json view = get("/v1/jobs/" + job);
    return view.is_object() ? view.value("allocs", std::vector<Json>{}) : std::vector<Json>{};
}

Json Cluster::alloc(const std::string& job) const {
    const auto list = allocs(job);
    return list.empty() ? Json() : get("/v1/allocs/" + list.front().value("id", ""));
}

std::string Cluster::logs() const {
    std::string out;
    for (const Service service : kServices) {
        const std::string log = slurp(dir_ + "/" + to_string(service) + ".log");
        out +=
            std::string("\n---- ") + to_string(service) + "\n" + log.substr(log.size() > 6000 ? log.size() - 6000 : 0);
    }
    return out;
}

Json task_of(const Json& alloc, const std::string& task) {
    if (!alloc.is_object()) return {};
    for (const Json& candidate : alloc.value("tasks", Json::array())) {
        if (candidate.value("name", "") == task) return candidate;
    }
    return {};
}

std::vector<std::string> event_types(const Json& alloc, const std::string& task) {
    std::vector<std::string> types;
    const Json found = task_of(alloc, task);
    if (!found.is_object()) return types;
    for (const Json& event : found.value("events", Json::array())) types.push_back(event.value("type", ""));
    return types;
}

}  // namespace drover::integration
