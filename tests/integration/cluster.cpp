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
#include <utility>

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

// Secrets of tasks that nobody destroyed, and what a test mounted.
void unmount_below(const std::string& dir) {
    std::ifstream mounts("/proc/self/mounts");
    for (std::string source, path, rest; mounts >> source >> path && std::getline(mounts, rest);)
        if (path.starts_with(dir + "/")) umount2(path.c_str(), MNT_DETACH);
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
        unmount_below(dir);
        _exit(0);
    }
    close(ends[0]);
    return UniqueFd(ends[1]);
}

std::vector<Replica> replicas_of(const Layout& layout) {
    std::vector<Replica> all = {Service::state_store};
    for (int i = 0; i < layout.alloc_runners; ++i) all.emplace_back(Service::alloc_runner, i);
    for (int i = 0; i < layout.driver_managers; ++i) all.emplace_back(Service::driver_manager, i);
    all.emplace_back(Service::gateway);
    return all;
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

std::string Replica::name() const {
    return to_string(service) + (index == 0 ? std::string() : "-" + std::to_string(index));
}

Cluster::Cluster(Programs programs) : Cluster(Layout{.programs = std::move(programs)}) {
    for (const Replica& replica : replicas_) start(replica);
    EXPECT_TRUE(eventually([this] { return healthy(); }, seconds(30))) << get("/v1/health") << logs();
}

Cluster::Cluster(Layout layout)
    : layout_(std::move(layout)), replicas_(replicas_of(layout_)), dir_(make_dir()), guardian_(start_guardian(dir_)) {
    fs::create_directories(dir_ + "/run");
}

Cluster::~Cluster() {
    if (testing::Test::HasFailure()) std::fprintf(stderr, "%s\n", logs().c_str());
    for (const Replica& replica : replicas_) kill(replica);
    end_all_with(dir_);
    unmount_below(dir_);
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
}

std::string Cluster::endpoint(const Replica& replica) const {
    if (layout_.voice) return layout_.voice(replica);
    return "ipc://" + dir_ + "/run/" + replica.name() + ".sock";
}

std::string Cluster::tap_endpoint(const Replica& replica) const {
    return "ipc://" + dir_ + "/run/" + replica.name() + "-tap.sock";
}

// Ready files are named after the program, so those of one role need a directory each.
std::string Cluster::run_dir(const Replica& replica) const {
    return dir_ + "/run" + (replica.index == 0 ? "" : "/" + replica.name());
}

Words Cluster::command(const Replica& replica) const {
    const std::string role = to_string(replica.service);
    std::string peers;
    for (const Replica& peer : replicas_) {
        if (peer == replica) continue;
        peers += (peers.empty() ? "" : ",") + (layout_.route ? layout_.route(replica, peer) : endpoint(peer));
    }
    const auto other = layout_.programs.find(replica.service);
    Words words = layout_.starter ? layout_.starter(replica) : Words{};
    for (const std::string& word :
         {(other == layout_.programs.end() ? DROVER_BIN : other->second) + "/drover-" + role,
          "--id=" + role + "-" + std::to_string(replica.index), "--data-dir=" + dir_ + "/" + replica.name(),
          "--run-dir=" + run_dir(replica), "--bind=" + endpoint(replica), "--tap=" + tap_endpoint(replica),
          "--peers=" + peers})
        words.push_back(word);
    if (replica.service == Service::gateway) words.push_back("--http=127.0.0.1:0");
    return words;
}

void Cluster::start(const Replica& replica) {
    const std::string log = dir_ + "/" + replica.name() + ".log";
    Words environment = layout_.environment ? layout_.environment() : Words{};
    // Not a flag: an earlier version may not know it, and a variable that nobody knows is ignored.
    environment.push_back("DROVER_RAW_EXEC_ROOT=allow");
    pids_[replica] = spawn(command(replica), environment, log, log);
}

void Cluster::kill(const Replica& replica) {
    const pid_t victim = std::exchange(pids_[replica], 0);
    if (victim <= 0) return;
    ::kill(victim, SIGKILL);
    waitpid(victim, nullptr, 0);
}

std::optional<int> Cluster::ended(const Replica& replica) {
    const pid_t running = pid(replica);
    int status = 0;
    if (running <= 0 || waitpid(running, &status, WNOHANG) != running) return std::nullopt;
    pids_[replica] = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

pid_t Cluster::pid(const Replica& replica) const {
    const auto found = pids_.find(replica);
    return found == pids_.end() ? 0 : found->second;
}

bool Cluster::ready(const Replica& replica) const {
    const std::string said = slurp(run_dir(replica) + "/drover-" + to_string(replica.service) + ".ready");
    const pid_t running = pid(replica);
    return running > 0 && said.substr(0, said.find('\n')) == std::to_string(running);
}

bool Cluster::healthy() const {
    for (const Replica& replica : replicas_) {
        if (!ready(replica)) return false;
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
    for (const Replica& replica : replicas_) {
        const std::string log = slurp(dir_ + "/" + replica.name() + ".log");
        out += "\n---- " + replica.name() + "\n" + log.substr(log.size() > 6000 ? log.size() - 6000 : 0);
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
