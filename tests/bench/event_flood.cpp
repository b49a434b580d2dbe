// drover-event-flood STATE_STORE: how many task events a second get from their author into the database. Starts a
// state-store of its own in a directory of its own, speaks to it as an alloc-runner and as a gateway, and reports
// events of 1,000 allocs as fast as the store confirms that it has them. Prints one line: events a second.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>

#include "base/check.hpp"
#include "base/hash.hpp"
#include "bus/exchange.hpp"
#include "bus/zmq_transport.hpp"
#include "rt/epoll_loop.hpp"
#include "wire/codec.hpp"
#include "wire/request.hpp"

namespace drover {
namespace {

constexpr std::uint64_t kAllocs = 1000;
constexpr std::uint64_t kStep = 10;  // events of one report
constexpr const char* kJob = "flood";

class Author : public bus::Follower {
   public:
    Author(rt::Loop& loop, const std::string& dir)
        : voice_(
              bus::ZmqTransport::open(
                  loop,
                  {.bind = {"ipc://" + dir + "/author"}, .tap = {}, .peers = {"ipc://" + dir + "/store"}, .curve = {}})
                  .value()),
          exchange_(loop, *voice_, {"ar-0", "alloc-runner", boot_}),
          reports_(1),
          requests_(1) {
        exchange_.offer("report/ar-0", reports_);
        exchange_.offer("request/ar-0", requests_);
        exchange_.follow("state", *this);
    }

    std::uint64_t recorded() const { return recorded_; }
    bool begun() const { return allocs_.size() == kAllocs; }

    void on_reset(const std::string&, const std::string&) override {}
    void on_record(const std::string&, const std::string&, const wire::Record& record) override {
        if (record.erased) return;
        if (record.kind == wire::Members::kName) hear(wire::decode<wire::Members>(record.body).value());
        if (record.kind == wire::JobDesired::kName) hear(wire::decode<wire::JobDesired>(record.body).value());
        if (record.kind == wire::AllocDesired::kName) hear(wire::decode<wire::AllocDesired>(record.body).value());
        if (record.kind == wire::AllocRecorded::kName) hear(wire::decode<wire::AllocRecorded>(record.body).value());
    }
    void on_complete(const std::string&, const std::string&) override { exchange_.changed("report/ar-0"); }

   private:
    void hear(const wire::Members& members) {
        const auto& runners = members.alloc_runners;
        if (term_ != 0 || runners.empty() || runners[0].boot != boot_) return;
        term_ = members.generation;
        wire::Request request;
        request.id = "submit";
        request.ask = wire::Ask::job_submit;
        request.spec.emplace();
        request.spec->name = kJob;
        request.spec->groups.resize(1);
        request.spec->groups[0].name = "group";
        request.spec->groups[0].count = kAllocs;
        request.spec->groups[0].tasks.resize(1);
        request.spec->groups[0].tasks[0].name = "task";
        request.spec->groups[0].tasks[0].driver = "mock";
        requests_.put(request.id, wire::Request::kName, wire::encode(request));
        exchange_.changed("request/ar-0");
    }

    void hear(const wire::JobDesired& job) {
        for (std::uint32_t i = 0; i < kAllocs; ++i) {
            wire::AllocDesired alloc;
            alloc.id = to_hex(i + 1);
            alloc.job = kJob;
            alloc.job_version = job.version;
            alloc.group = job.spec.groups[0];
            alloc.index = i;
            alloc.node = "n1";
            alloc.term = term_;
            reports_.put("alloc/" + alloc.id, wire::AllocDesired::kName, wire::encode(alloc));
        }
        exchange_.changed("report/ar-0");
    }

    void hear(const wire::AllocDesired& alloc) {
        if (!allocs_.try_emplace(alloc.id, 0).second) return;
        reports_.erase("alloc/" + alloc.id);
        report(alloc.id, 0);
    }

    void hear(const wire::AllocRecorded& known) {
        const std::uint64_t has = known.events.at("task");
        std::uint64_t& before = allocs_[known.alloc];
        if (has <= before) return;
        recorded_ += has - before;
        before = has;
        report(known.alloc, has);
    }

    void report(const std::string& id, std::uint64_t number) {
        wire::AllocReport report;
        report.alloc = id;
        report.term = term_;
        for (std::uint64_t i = 1; i <= kStep; ++i) {
            wire::TaskEvent event;
            event.job = kJob;
            event.alloc = id;
            event.task = "task";
            event.n = number + i;
            event.incarnation = "9b1d2c3e4f5a6b7c";
            event.type = "Terminated";
            event.time = Instant{1'800'000'000'123'456'789};
            event.message = "Exit Code: 130, Signal: 2";
            event.details = {{"exit_code", "130"}, {"signal", "2"}};
            report.events.push_back(event);
        }
        reports_.put("report/" + id, wire::AllocReport::kName, wire::encode(report));
        exchange_.changed("report/ar-0");
    }

    const std::string boot_ = random_hex(16);
    std::unique_ptr<bus::ZmqTransport> voice_;
    bus::Exchange exchange_;
    bus::KeyedFeed reports_;
    bus::KeyedFeed requests_;
    std::uint64_t term_ = 0;
    std::map<std::string, std::uint64_t> allocs_;  // events recorded of each
    std::uint64_t recorded_ = 0;
};

pid_t start_store(const char* program, const std::string& dir) {
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid != 0) return pid;
    const std::string data = "--data-dir=" + dir, run = "--run-dir=" + dir, voice = "--bind=ipc://" + dir + "/store",
                      peer = "--peers=ipc://" + dir + "/author";
    execl(program, program, data.c_str(), run.c_str(), voice.c_str(), peer.c_str(), "--log-level=error", nullptr);
    _exit(127);
}

int flood(const char* program, std::uint64_t events) {
    const std::string dir = "/tmp/drover-flood-" + random_hex(8);
    std::filesystem::create_directory(dir);
    const pid_t store = start_store(program, dir);
    rt::EpollLoop loop;
    bool done = false;
    {
        Author author(loop, dir);
        if (loop.run_until([&] { return author.begun(); }, seconds(60))) {
            const std::uint64_t before = author.recorded();
            const Instant began = loop.now();
            done = loop.run_until([&] { return author.recorded() - before >= events; }, seconds(120));
            const double took = static_cast<double>((loop.now() - began).ns) / 1e9;
            std::printf("%.0f\n", static_cast<double>(author.recorded() - before) / took);
        }
    }
    kill(store, SIGKILL);
    waitpid(store, nullptr, 0);
    std::filesystem::remove_all(dir);
    if (!done) std::fputs("the store did not record them in time\n", stderr);
    return done ? 0 : 1;
}

}  // namespace
}  // namespace drover

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: drover-event-flood STATE_STORE [EVENTS]\n", stderr);
        return 2;
    }
    std::uint64_t events = 500'000;
    if (argc > 2) std::from_chars(argv[2], argv[2] + std::char_traits<char>::length(argv[2]), events);
    return drover::flood(argv[1], events);
}
