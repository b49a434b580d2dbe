// Many allocs at once: what is done for one of them holds up no other. README.md says how to run it with a thousand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "integration/cluster.hpp"

namespace drover::integration {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

std::int64_t setting(const char* name, std::int64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

// The clock of the events.
Instant wall_now() {
    timespec t{};
    clock_gettime(CLOCK_REALTIME, &t);
    return Instant{t.tv_sec * 1'000'000'000 + t.tv_nsec};
}

// Without the trash.
std::size_t entries(const std::string& path) {
    std::error_code gone;
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(path, gone)) count += entry.path().filename().string()[0] != '.';
    return count;
}

// Tasks that ignore every signal they can, and cost nothing while they live: the open of the pipe never returns.
std::string stubborn(std::int64_t count, Duration kill_timeout, const std::string& pipe) {
    return "job: crowd\ngroups:\n  - name: group\n    count: " + std::to_string(count) +
           "\n    tasks:\n      - name: task\n        driver: raw_exec\n        kill_timeout: " +
           to_string(kill_timeout) +
           "\n        config: { command: /bin/sh, args: [\"-c\", \"trap '' TERM INT; read x < " + pipe + "\"] }\n";
}

TEST(Crowd, EndsTogetherAndIsDestroyedWhateverItIgnores) {
    const std::int64_t count = setting("DROVER_CROWD", 30);
    const Duration kill_timeout = milliseconds(setting("DROVER_CROWD_KILL_TIMEOUT_MS", 3000));
    const Duration limit = kill_timeout + kill_timeout * 3 / 10;
    Cluster cluster;
    const std::string pipe = cluster.dir() + "/pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    cluster.submit("crowd", stubborn(count, kill_timeout, pipe));
    std::vector<Json> allocs;
    const auto all_run = [&] {
        allocs = cluster.allocs("crowd");
        return std::count_if(allocs.begin(), allocs.end(),
                             [](const Json& alloc) { return alloc["tasks"][0]["state"] == "running"; }) == count;
    };
    const Instant submitted = now();
    ASSERT_TRUE(eventually(all_run, seconds(120)));
    std::printf("%lld tasks run %s after they were submitted\n", static_cast<long long>(count),
                to_string(now() - submitted).c_str());

    // One order for both ends, so that every destruction has to wait for its shutdown.
    const Instant asked = wall_now();
    const Outcome stop = cluster.drover({"job", "stop", "crowd", "--purge", "--detach"});
    EXPECT_EQ(stop.code, 0) << stop.out << stop.err;
    const std::string files = cluster.dir() + "/driver-manager/";
    EXPECT_TRUE(
        eventually([&] { return entries(files + "allocs") == 0 && entries(files + "tasks") == 0; }, seconds(60)))
        << entries(files + "allocs") << " allocs still have files";
    std::printf("and are destroyed %s after the stop\n", to_string(wall_now() - asked).c_str());

    Duration first{kNever.ns}, last, known;
    for (const Json& summary : allocs) {
        const Json alloc = cluster.get("/v1/allocs/" + summary["id"].get<std::string>());
        ASSERT_THAT(event_types(alloc, "task"),
                    ElementsAre("Received", "Task Setup", "Started", "Killing", "Terminated", "Killed"));
        const Json events = task_of(alloc, "task")["events"];
        const auto time = [&](std::size_t i) { return Instant{events[i]["time"].get<std::int64_t>()}; };
        EXPECT_EQ(events[4]["message"], "Exit Code: 137, Signal: 9");
        EXPECT_GE(time(4) - time(3), kill_timeout - milliseconds(5)) << "its destruction did not wait for its shutdown";
        first = std::min(first, time(4) - asked);
        last = std::max(last, time(4) - asked);
        known = std::max(known, time(5) - asked);
    }
    std::printf("each had ended %s to %s after the stop, and was known to have after %s\n", to_string(first).c_str(),
                to_string(last).c_str(), to_string(known).c_str());
    EXPECT_LE(known, limit);
}

}  // namespace
}  // namespace drover::integration
