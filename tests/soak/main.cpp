// drover-soak: many short tasks, one after the other, through services that must not grow by it.
#include <gtest/gtest.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <set>
#include <string_view>

#include "census.hpp"
#include "integration/wait.hpp"

namespace drover::soak {
namespace {

using integration::Cluster;
using integration::Json;
using integration::now;

constexpr const char* kHelp =
    "usage: drover-soak [--tasks N] [--batch N] [--json FILE]\n"
    "\n"
    "Runs short tasks through a whole Drover of real processes, in batch jobs of which two are under way at any time,\n"
    "purges each job when it is complete, and follows the event log: each task has to end once, with 0. Looks at the\n"
    "memory and the descriptors of every service on the way. Exit code 1: an end is missing, wrong or there twice, or\n"
    "a service grew by more than 1 MiB or by a descriptor over 100,000 tasks.\n"
    "\n"
    "  --tasks N      how many in all (100000)\n"
    "  --batch N      of one job (250)\n"
    "  --json FILE    adds what came of it, a line a run\n";

struct Flags {
    std::uint64_t tasks = 100'000;
    std::uint64_t batch = 250;
    std::string json;
};

bool read_flags(int argc, char** argv, Flags& flags) {
    for (int i = 1; i < argc; i += 2) {
        const std::string_view name = argv[i];
        if (i + 1 == argc) return false;
        if (name == "--json") {
            flags.json = argv[i + 1];
            continue;
        }
        std::uint64_t* number = name == "--tasks" ? &flags.tasks : name == "--batch" ? &flags.batch : nullptr;
        const char* end = argv[i + 1] + std::strlen(argv[i + 1]);
        if (number == nullptr || std::from_chars(argv[i + 1], end, *number).ptr != end || *number == 0) return false;
    }
    return true;
}

// What the event log says of the ends of tasks.
class Ends {
   public:
    explicit Ends(const Cluster& cluster) : cluster_(cluster) {}

    void read() {
        for (bool more = true; more;) {
            const Json page = cluster_.get("/v1/events?follow=false&since=" + std::to_string(next_));
            if (!page.is_object()) return;
            for (const Json& event : page["events"]) take(event);
            next_ = page["next"].get<std::uint64_t>();
            more = page["more"].get<bool>();
        }
    }

    std::uint64_t count() const { return count_; }
    const std::vector<std::string>& offences() const { return offences_; }

   private:
    void take(const Json& event) {
        if (event.value("type", "") != "Terminated") return;
        const std::string alloc = event.value("alloc", "");
        ++count_;
        if (event.value("message", "") != "Exit Code: 0") offences_.push_back(event.dump());
        if (!recent_.insert(alloc).second) offences_.push_back("a second end: " + event.dump());
        order_.push_back(alloc);
        if (order_.size() <= kRemembered) return;
        recent_.erase(order_.front());
        order_.pop_front();
    }

    static constexpr std::size_t kRemembered = 20'000;

    const Cluster& cluster_;
    std::uint64_t next_ = 0;
    std::uint64_t count_ = 0;
    std::set<std::string> recent_;
    std::deque<std::string> order_;
    std::vector<std::string> offences_;
};

std::string name_of(std::uint64_t job) { return "soak-" + std::to_string(job); }

void submit(Cluster& cluster, std::uint64_t job, std::uint64_t count) {
    cluster.submit(name_of(job), "job: " + name_of(job) +
                                     "\ntype: batch\ngroups:\n  - name: group\n    count: " + std::to_string(count) +
                                     "\n    tasks:\n      - name: task\n        driver: raw_exec\n"
                                     "        config: { command: /bin/true }\n        resources: { cpu: 0.001, memory: "
                                     "1MiB }\n");
}

bool is_complete(const Cluster& cluster, std::uint64_t job, std::uint64_t count) {
    const Json view = cluster.get("/v1/jobs/" + name_of(job));
    if (!view.is_object() || !view.contains("groups") || !view["groups"].contains("group")) return false;
    return view["groups"]["group"].value("complete", std::uint64_t{0}) == count;
}

Json summary(const Flags& flags, const Census& census, const Ends& ends, Duration took) {
    Json services = Json::object();
    for (const auto& [name, seen] : census) {
        const std::uint64_t from = flags.tasks * 3 / 10;
        services[name] = {{"rss_kib_first", seen.front().rss_kib},
                          {"rss_kib_last", seen.back().rss_kib},
                          {"rss_kib_per_100000", slope(seen, &Holding::rss_kib, from) * 100'000},
                          {"descriptors_first", seen.front().descriptors},
                          {"descriptors_last", seen.back().descriptors},
                          {"descriptors_per_100000", slope(seen, &Holding::descriptors, from) * 100'000}};
    }
    return {{"tasks", flags.tasks},
            {"seconds", took.ms() / 1000},
            {"ends", ends.count()},
            {"offences", ends.offences()},
            {"services", std::move(services)}};
}

bool grows(const Json& report) {
    bool any = false;
    for (const auto& [name, service] : report["services"].items()) {
        any = any || service["rss_kib_per_100000"] > 1024.0 || service["descriptors_per_100000"] > 1.0;
    }
    return any;
}

int run(const Flags& flags) {
    Cluster cluster({.environment = [] { return integration::Words{"DROVER_GC_INTERVAL=2s"}; }});
    for (const auto& replica : cluster.replicas()) cluster.start(replica);
    if (!integration::eventually([&] { return cluster.healthy(); }, seconds(30))) return 1;
    const std::uint64_t jobs = (flags.tasks + flags.batch - 1) / flags.batch;
    const auto count_of = [&](std::uint64_t job) { return std::min(flags.batch, flags.tasks - job * flags.batch); };
    const Instant began = now();
    Census census;
    Ends ends(cluster);
    submit(cluster, 0, count_of(0));
    for (std::uint64_t job = 0; job < jobs; ++job) {
        if (job + 1 < jobs) submit(cluster, job + 1, count_of(job + 1));
        if (!integration::eventually([&] { return is_complete(cluster, job, count_of(job)); }, seconds(120))) {
            std::printf("%s does not complete\n%s\n", name_of(job).c_str(),
                        cluster.drover({"job", "status", name_of(job)}).out.c_str());
            return 1;
        }
        cluster.drover({"job", "stop", name_of(job), "--purge", "--detach"});
        ends.read();
        look(cluster, (job + 1) * flags.batch, census);
        if (job % 20 != 0) continue;
        std::printf("%llu tasks after %s:", static_cast<unsigned long long>((job + 1) * flags.batch),
                    to_string(now() - began).c_str());
        for (const auto& [name, seen] : census) {
            std::printf("  %s %.1f MiB %.0f fd", name.c_str(), seen.back().rss_kib / 1024, seen.back().descriptors);
        }
        std::printf("\n");
        std::fflush(stdout);
    }
    integration::eventually(
        [&] {
            ends.read();
            return ends.count() >= flags.tasks;
        },
        seconds(10));
    const Json report = summary(flags, census, ends, now() - began);
    std::printf("%s\n", report.dump(2).c_str());
    if (!flags.json.empty()) std::ofstream(flags.json, std::ios::app) << report.dump() << "\n";
    return ends.count() != flags.tasks || !ends.offences().empty() || grows(report) ? 1 : 0;
}

}  // namespace
}  // namespace drover::soak

int main(int argc, char** argv) {
    drover::soak::Flags flags;
    const bool help = argc == 2 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h");
    if (help || !drover::soak::read_flags(argc, argv, flags)) {
        std::fputs(drover::soak::kHelp, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    // The cluster speaks through GoogleTest's expectations.
    testing::InitGoogleTest();
    const int code = drover::soak::run(flags);
    return testing::Test::HasFailure() ? 1 : code;
}
