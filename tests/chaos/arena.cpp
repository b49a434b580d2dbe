#include "arena.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "integration/procfs.hpp"

namespace drover::chaos {
namespace {

namespace fs = std::filesystem;
using integration::now;

constexpr std::uint64_t kDiskMegabytes = 128;
constexpr Duration kRestartPause = milliseconds(200);
constexpr const char* kFakeClock = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

}  // namespace

Arena::Arena(const Setup& setup) : cluster_(layout(setup)), truth_dir_(cluster_.dir() + "/truth") {
    fs::create_directories(truth_dir_);
    fs::create_directories(cluster_.dir() + "/run/ways");
    jobs_ = standing_jobs(setup.tasks, truth_dir_);
    open_disks();
    open_relay(setup.seed);
    observer_ = std::make_unique<Observer>(truth_dir_);
    std::ofstream(cluster_.dir() + "/clock") << "+0\n";
}

Arena::~Arena() {
    calm();
    // What libfaketime leaves of processes that were killed.
    for (const pid_t pid : started_) {
        for (const char* name : {"faketime_shm_", "sem.faketime_sem_"})
            unlink(("/dev/shm/" + (name + std::to_string(pid))).c_str());
    }
}

void Arena::start(const Replica& replica) {
    cluster_.start(replica);
    started_.push_back(cluster_.pid(replica));
}

std::string Arena::way_endpoint(const Replica& hears, const Replica& speaks) const {
    return "ipc://" + cluster_.dir() + "/run/ways/" + speaks.name() + "~" + hears.name();
}

integration::Layout Arena::layout(const Setup& setup) {
    integration::Layout layout{.alloc_runners = setup.alloc_runners, .driver_managers = setup.driver_managers};
    layout.route = [this](const Replica& hears, const Replica& speaks) { return way_endpoint(hears, speaks); };
    if (!setup.clocks) {
        limits_.push_back("No clock was stepped: the sanitizers do not go with what sets a process's clock.");
    } else if (access(kFakeClock, R_OK) != 0) {
        limits_.push_back("No clock was stepped: Debian's libfaketime is not installed.");
    } else {
        clocks_ = true;
        layout.environment = [this] {
            return integration::Words{std::string("LD_PRELOAD=") + kFakeClock,
                                      "FAKETIME_TIMESTAMP_FILE=" + cluster_.dir() + "/clock",
                                      "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_CACHE_DURATION=1", "NO_FAKE_STAT=1"};
        };
    }
    return layout;
}

void Arena::open_relay(std::uint64_t seed) {
    std::vector<Way> ways;
    for (const Replica& hears : cluster_.replicas()) {
        for (const Replica& speaks : cluster_.replicas()) {
            if (hears == speaks) continue;
            ways.push_back({speaks.name(), hears.name(), cluster_.endpoint(speaks), way_endpoint(hears, speaks)});
        }
    }
    relay_ = std::make_unique<Relay>(ways, seed);
}

void Arena::open_disks() {
    for (const Replica& replica : cluster_.replicas()) {
        if (replica.service != Service::state_store && replica.service != Service::driver_manager) continue;
        Disk disk(cluster_.dir() + "/" + replica.name(), kDiskMegabytes);
        if (disk.mounted()) disks_.emplace(replica, disk);
    }
    if (disks_.empty()) limits_.push_back("No disk was filled: only root can mount one small enough.");
}

bool Arena::begin() {
    for (const Replica& replica : cluster_.replicas()) start(replica);
    if (!integration::eventually([this] { return cluster_.healthy(); }, seconds(60))) return false;
    std::size_t tasks = 0;
    for (const JobText& job : jobs_) {
        cluster_.submit(job.name, job.document);
        tasks += static_cast<std::size_t>(job.tasks);
    }
    std::size_t most = 0;
    // Some have always just ended.
    return integration::eventually(
        [&] {
            most = std::max(most, observer_->living().size());
            return most >= tasks * 95 / 100;
        },
        seconds(120));
}

void Arena::later(Duration wait, std::function<void()> what) { due_.emplace(now() + wait, std::move(what)); }

bool Arena::kill_service(const Replica& replica, Duration away) {
    if (cluster_.pid(replica) == 0) return false;
    cluster_.kill(replica);
    ++ledger_.service_kills;
    later(away, [this, replica] { start(replica); });
    return true;
}

bool Arena::terminate(const Replica& replica) {
    return cluster_.pid(replica) > 0 && ::kill(cluster_.pid(replica), SIGTERM) == 0;
}

bool Arena::freeze(const Replica& replica, Duration lasts) {
    const pid_t pid = cluster_.pid(replica);
    if (pid == 0 || ::kill(pid, SIGSTOP) != 0) return false;
    ++ledger_.freezes;
    later(lasts, [this, replica, pid] {
        if (cluster_.pid(replica) == pid) ::kill(pid, SIGCONT);
    });
    return true;
}

void Arena::cut_off(const Replica& replica) {
    for (const Replica& other : cluster_.replicas()) {
        if (other != replica) relay_->cut(replica.name(), other.name());
    }
}

void Arena::trouble(Fault fault, const Replica& replica) {
    constexpr Duration kUntilCalm = hours(1);
    ++ledger_.blows[fault];
    if (fault == Fault::kill) kill_service(replica, kUntilCalm);
    if (fault == Fault::freeze) freeze(replica, kUntilCalm);
    if (fault == Fault::cut_off) cut_off(replica);
}

void Arena::kill_task(const std::string& task, const Process& process) {
    if (integration::start_time(process.pid) != process.start || ::kill(process.pid, SIGKILL) != 0) return;
    ledger_.ends[task].emplace(process.pid, kKilled);
    ++ledger_.task_kills;
}

bool Arena::kill_some_task(const Blow& blow) {
    std::vector<std::pair<std::string, Process>> candidates;
    for (const auto& [task, process] : observer_->living()) {
        const auto ends = ledger_.ends.find(task);
        const bool dying = ends != ledger_.ends.end() && ends->second.contains(process.pid);
        if (runs_for_ever(task) && !dying) candidates.emplace_back(task, process);
    }
    if (candidates.empty()) return false;
    const auto& [task, process] = candidates[blow.target % candidates.size()];
    if (blow.fault == Fault::kill_task) {
        kill_task(task, process);
        return true;
    }
    const pid_t shim = integration::read_stat(process.pid).parent;
    const std::string name = integration::read_proc("/proc/" + std::to_string(shim) + "/comm");
    if (!name.starts_with("drover-shim") || ::kill(shim, SIGKILL) != 0) return false;
    ledger_.ends[task].emplace(process.pid, kUnseen);
    ++ledger_.task_kills;
    return true;
}

void Arena::fill_disk(const Blow& blow) {
    const auto at = std::next(disks_.begin(), static_cast<std::ptrdiff_t>(blow.target % disks_.size()));
    const Disk& disk = at->second;
    disk.fill();
    disk_full_until_ = std::max(disk_full_until_, now() + blow.lasts);
    later(blow.lasts, [disk] { disk.free(); });
}

// Renamed into place, so that nobody reads half of it.
void Arena::step_clock(std::int64_t by) {
    const std::string path = cluster_.dir() + "/clock";
    std::ofstream(path + ".new") << (by < 0 ? "" : "+") << by << "\n";
    fs::rename(path + ".new", path);
}

void Arena::submit(const JobText& job) {
    const std::string file = cluster_.dir() + "/" + job.name + ".yaml";
    const std::string log = cluster_.dir() + "/submits.log";
    std::ofstream(file) << job.document;
    submits_.push_back(
        {job.name, integration::spawn({std::string(DROVER_BIN) + "/drover", "job", "run", "--detach", file},
                                      {"DROVER_DATA_DIR=" + cluster_.dir(), "NO_COLOR=1"}, log, log)});
}

void Arena::await_submits() {
    for (const Submit& one : submits_) {
        if (integration::reap(one.pid, seconds(30)) == 0) ledger_.accepted.push_back(one.job);
    }
    submits_.clear();
}

void Arena::strike(const Blow& blow) {
    const auto& all = cluster_.replicas();
    const Replica& one = all[blow.target % all.size()];
    bool met = false;
    switch (blow.fault) {
        case Fault::kill: met = kill_service(one, blow.lasts); break;
        case Fault::kill_some:
        case Fault::kill_all:
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (blow.fault == Fault::kill_some && (blow.target >> (8 + i)) % 2 == 0) continue;
                met = kill_service(all[i], blow.lasts) || met;
            }
            break;
        case Fault::terminate: met = terminate(one); break;
        case Fault::freeze: met = freeze(one, blow.lasts); break;
        case Fault::cut_off: {
            std::vector<Replica> runners;
            for (const Replica& replica : all)
                if (replica.service == Service::alloc_runner) runners.push_back(replica);
            cut_off(runners[blow.target % runners.size()]);
            later(blow.lasts, [this] { relay_->heal(); });
            met = true;
            break;
        }
        case Fault::kill_task:
        case Fault::kill_shim: met = kill_some_task(blow); break;
        case Fault::fill_disk:
            met = !disks_.empty();
            if (met) fill_disk(blow);
            break;
        case Fault::step_clock:
            met = clocks_;
            step_clock(blow.amount);
            break;
        case Fault::submit:
            submit(short_job(++short_jobs_, truth_dir_));
            met = true;
            break;
    }
    if (met) ++ledger_.blows[blow.fault];
}

// Whoever runs services starts them again; but that one ends by itself is only right when it was told to, maybe before
// it could listen, or had no disk to write on.
void Arena::look_for_ends() {
    for (const Replica& replica : cluster_.replicas()) {
        const std::optional<int> code = cluster_.ended(replica);
        if (!code) continue;
        const bool told = *code == 0 || *code == 128 + SIGTERM;
        const bool excused = told || (*code == 1 && now() < disk_full_until_ + seconds(10));
        if (!excused) {
            ledger_.offences.push_back(replica.name() + " ended by itself with code " + std::to_string(*code) + "\n" +
                                       cluster_.logs());
        }
        later(kRestartPause, [this, replica] { start(replica); });
    }
}

void Arena::tend() {
    look_for_ends();
    while (!due_.empty() && due_.begin()->first <= now()) {
        const auto what = std::move(due_.begin()->second);
        due_.erase(due_.begin());
        what();
    }
    std::erase_if(submits_, [this](const Submit& one) {
        int status = 0;
        if (waitpid(one.pid, &status, WNOHANG) != one.pid) return false;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) ledger_.accepted.push_back(one.job);
        return true;
    });
}

void Arena::calm() {
    relay_->set({});
    relay_->heal();
    look_for_ends();
    for (auto& [when, what] : std::exchange(due_, {})) what();
}

}  // namespace drover::chaos
