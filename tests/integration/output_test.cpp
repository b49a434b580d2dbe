// What tasks write, from outside: followed through rotations and kills, merged, sent to the daemons of the node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "integration/cluster.hpp"

namespace drover::integration {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

bool runs(const Cluster& cluster, const std::string& job) {
    const Json alloc = cluster.alloc(job);
    return alloc.is_object() && alloc["status"] == "running";
}

bool is_over(const Cluster& cluster, const std::string& job) {
    const Json alloc = cluster.alloc(job);
    return alloc.is_object() && (alloc["status"] == "complete" || alloc["status"] == "failed");
}

// The N of the newest log file of any task's standard output.
int newest_file(const Cluster& cluster) {
    int newest = 0;
    for (const auto& entry :
         fs::recursive_directory_iterator(cluster.dir(), fs::directory_options::skip_permission_denied)) {
        const std::string name = entry.path().filename();
        const std::size_t at = name.find(".stdout.");
        if (at != std::string::npos && name.front() != '.') newest = std::max(newest, std::stoi(name.substr(at + 8)));
    }
    return newest;
}

TEST(Logs, AMillionLinesAreFollowedOverFiftyRotationsAndTwoKillsWithoutALostADoubledOrACutOne) {
    Cluster cluster;
    // 13 bytes a line, over about half a minute, of which the files hold less than two thirds.
    cluster.submit("count", R"(
job: count
type: batch
groups:
  - name: group
    tasks:
      - name: lines
        driver: raw_exec
        logs: { max_files: 30, max_file_size: 250KiB }
        config:
          command: /bin/sh
          args:
            - -c
            - |
              i=0
              while [ $i -lt 100 ]; do
                /usr/bin/seq -f 'line %07.0f' $((i * 10000 + 1)) $((i * 10000 + 10000))
                i=$((i + 1))
                /bin/sleep 0.25
              done
)");
    ASSERT_TRUE(eventually([&] { return cluster.alloc("count").is_object(); }, seconds(20)));
    const std::string out = cluster.dir() + "/followed";
    const pid_t follower = spawn({DROVER_BIN "/drover", "alloc", "logs", "-f", "count"},
                                 {"DROVER_DATA_DIR=" + cluster.dir()}, out, cluster.dir() + "/follow.err");
    const auto has = [&](std::uintmax_t lines) {
        std::error_code none;
        return eventually([&] { return fs::file_size(out, none) >= lines * 13 && !none; }, seconds(120));
    };
    for (const std::uintmax_t lines : {200'000, 600'000}) {
        ASSERT_TRUE(has(lines)) << slurp(cluster.dir() + "/follow.err") << cluster.logs();
        cluster.kill(Service::driver_manager);
        cluster.start(Service::driver_manager);
    }
    EXPECT_EQ(reap(follower, seconds(200)), 0) << slurp(cluster.dir() + "/follow.err");
    const std::vector<std::string> lines = split(slurp(out));
    ASSERT_EQ(lines.size(), 1'000'000U);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        char wanted[32];
        std::snprintf(wanted, sizeof wanted, "line %07zu", i + 1);
        ASSERT_EQ(lines[i], wanted);
    }
    EXPECT_GE(newest_file(cluster), 50);
}

TEST(Logs, OfAllTasksComeInTheOrderOfTimeAlsoWhenTheTasksAreGone) {
    Cluster cluster;
    // They take turns by files.
    cluster.submit("talk", R"(
job: talk
type: batch
groups:
  - name: group
    tasks:
      - name: ping
        driver: raw_exec
        config:
          command: /bin/sh
          args:
            - -c
            - |
              for i in 1 2 3; do
                echo ping $i; echo bad $i >&2; : >$NOMAD_ALLOC_DIR/ping$i
                until [ -e $NOMAD_ALLOC_DIR/pong$i ]; do /bin/sleep 0.05; done
              done
      - name: pong
        driver: raw_exec
        config:
          command: /bin/sh
          args:
            - -c
            - |
              for i in 1 2 3; do
                until [ -e $NOMAD_ALLOC_DIR/ping$i ]; do /bin/sleep 0.05; done
                /bin/sleep 0.05; echo pong $i; /bin/sleep 0.05; : >$NOMAD_ALLOC_DIR/pong$i
              done
)");
    ASSERT_TRUE(eventually([&] { return is_over(cluster, "talk"); }, seconds(60))) << cluster.logs();
    const std::string id = std::string(cluster.alloc("talk")["id"]).substr(0, 8);
    const Outcome merged = cluster.drover({"alloc", "logs", "--merge", id});
    EXPECT_THAT(split(merged.out),
                ElementsAre("ping | ping 1", "ping ! bad 1", "pong | pong 1", "ping | ping 2", "ping ! bad 2",
                            "pong | pong 2", "ping | ping 3", "ping ! bad 3", "pong | pong 3"))
        << merged.err << cluster.logs();
    const Outcome job = cluster.drover({"alloc", "logs", "--merge", "--tail", "2", "talk"});
    EXPECT_THAT(split(job.out), ElementsAre(id + "/ping ! bad 3", id + "/pong | pong 3")) << job.err;
    const Outcome errors = cluster.drover({"alloc", "logs", "--merge", "--stderr", "-t", "talk"});
    EXPECT_THAT(split(errors.out), ElementsAre(HasSubstr("bad 1"), HasSubstr("bad 2"), HasSubstr("bad 3")));
    const Outcome json = cluster.drover({"alloc", "logs", "--merge", "-o", "json", id});
    const Json first = Json::parse(split(json.out).at(0));
    const std::int64_t begun = first["at"];
    EXPECT_GT(begun, 1'600'000'000'000'000'000);
    const Outcome later = cluster.drover({"alloc", "logs", "--since", "1h", id, "pong"});
    EXPECT_EQ(later.out, "pong 1\npong 2\npong 3\n") << later.err;
    EXPECT_EQ(cluster.drover({"alloc", "logs", "--since", "0s", id, "pong"}).out, "");
    EXPECT_THAT(cluster.drover({"alloc", "logs", "talk"}).err, HasSubstr("choose one of: ping, pong, or --merge"));
}

// The daemon of a node, which takes what it is sent when the test looks.
class Daemon {
   public:
    explicit Daemon(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << path;
    }

    void take() {
        char text[1 << 17];
        for (ssize_t n = 0; (n = ::recv(fd_.get(), text, sizeof text, 0)) >= 0;)
            heard.emplace_back(text, static_cast<std::size_t>(n));
    }
    bool has(std::size_t count) {
        take();
        return heard.size() >= count;
    }

    std::vector<std::string> heard;

   private:
    UniqueFd fd_;
};

TEST(Logs, GoToTheDaemonsOfTheNodeAndASlowOneHoldsNoTaskUp) {
    const std::string base = testing::TempDir() + "drover-sink-" + std::to_string(::getpid());
    Layout layout;
    layout.environment = [&] {
        return Words{"DROVER_SYSLOG_SOCKET=" + base + ".syslog", "DROVER_JOURNAL_SOCKET=" + base + ".journal"};
    };
    Daemon syslog(base + ".syslog"), journal(base + ".journal");
    Cluster cluster(layout);
    for (const Service service : kServices) cluster.start(service);
    ASSERT_TRUE(eventually([&] { return cluster.healthy(); }, seconds(60))) << cluster.logs();
    // More than what fits between the daemon and the files.
    cluster.submit("chatty", R"(
job: chatty
type: batch
groups:
  - name: group
    tasks:
      - name: few
        driver: raw_exec
        logs: { sinks: [file, syslog, journald] }
        config: { command: /bin/sh, args: ["-c", "for i in 1 2 3; do echo out $i; done; echo err >&2"] }
      - name: many
        driver: raw_exec
        logs: { sinks: [syslog] }
        config: { command: /bin/sh, args: ["-c", "/usr/bin/seq -f 'a line that is one of many: %07.0f' 1 100000"] }
)");
    // Nobody takes anything until both have ended.
    EXPECT_TRUE(eventually([&] { return is_over(cluster, "chatty"); }, seconds(60))) << cluster.logs();
    cluster.kill(Service::driver_manager);
    cluster.start(Service::driver_manager);

    ASSERT_TRUE(eventually([&] { return journal.has(4); }, seconds(60))) << cluster.logs();
    EXPECT_THAT(journal.heard, Each(HasSubstr("SYSLOG_IDENTIFIER")));
    for (const char* text : {"out 1", "out 2", "out 3", "err"}) EXPECT_THAT(journal.heard, Contains(HasSubstr(text)));
    const auto last = [&] {
        syslog.take();
        return !syslog.heard.empty() && syslog.heard.back().ends_with("0100000");
    };
    ASSERT_TRUE(eventually(last, seconds(120))) << syslog.heard.size() << cluster.logs();
    std::vector<std::string> few, many;
    for (const std::string& message : syslog.heard)
        (message.find("/few[") != std::string::npos ? few : many).push_back(message.substr(message.find("]: ") + 3));
    EXPECT_THAT(few, testing::IsSupersetOf({"out 1", "out 2", "out 3", "err"}));
    // 4 MB were written, the newest 2 MiB are kept: what is lost is said, and what is not comes in order.
    ASSERT_FALSE(many.empty());
    std::size_t marks = 0;
    std::string before;
    for (const std::string& line : many) {
        if (line.starts_with("[drover: ")) {
            ++marks;
            continue;
        }
        ASSERT_GT(line, before);
        before = line;
    }
    EXPECT_EQ(marks, 1U);
    ::unlink((base + ".syslog").c_str());
    ::unlink((base + ".journal").c_str());
}

TEST(Logs, AreSaidAsTheyComeToWhoeverListensWithoutASchema) {
    Cluster cluster;
    cluster.submit("tick", R"(
job: tick
groups:
  - name: group
    tasks:
      - name: clock
        driver: raw_exec
        config: { command: /bin/sh, args: ["-c", "i=0; while :; do echo tick $i; i=$((i + 1)); /bin/sleep 0.05; done"] }
)");
    ASSERT_TRUE(eventually([&] { return runs(cluster, "tick"); }, seconds(20))) << cluster.logs();
    const Outcome heard = cluster.drover({"tap", "task/log/tick/", "-n", "3", "-o", "json", "--endpoint",
                                          cluster.tap_endpoint(Service::driver_manager)});
    std::uint64_t position = 0;
    for (const std::string& line : split(heard.out)) {
        const Json body = Json::parse(line)["envelope"]["records"][0]["body"];
        EXPECT_EQ(body["task"], "clock");
        EXPECT_EQ(body["stream"], "stdout");
        EXPECT_GT(body["at"].get<std::int64_t>(), 0);
        EXPECT_TRUE(position == 0 || body["offset"] == position) << position << " " << body;
        const std::string data = body["data"];  // in base64
        const auto padding = static_cast<std::uint64_t>(std::count(data.begin(), data.end(), '='));
        position = body["offset"].get<std::uint64_t>() + data.size() / 4 * 3 - padding;
    }
    EXPECT_EQ(split(heard.out).size(), 3U) << heard.err << cluster.logs();
}

}  // namespace
}  // namespace drover::integration
