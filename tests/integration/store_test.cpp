// The state-store's database is backed up and restored, damaged, and its disk filled, while tasks run: none of them is
// touched, and all are in control afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "integration/cluster.hpp"
#include "integration/procfs.hpp"

namespace drover::integration {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

constexpr Duration kPatience = seconds(30);

std::string sleeper(const std::string& job, int count = 1) {
    return "job: " + job + "\ngroups:\n  - name: group\n    count: " + std::to_string(count) +
           "\n    tasks:\n      - name: task\n        driver: raw_exec\n"
           "        config: { command: /bin/sleep, args: [\"100000\"] }\n";
}

class Store : public testing::Test {
   protected:
    // Of the running tasks of a job, by alloc.
    std::map<std::string, pid_t> pids(const std::string& job) const {
        std::map<std::string, pid_t> out;
        for (const Json& alloc : cluster.allocs(job)) {
            const Json task = task_of(alloc, "task");
            if (task.is_object() && task["state"] == "running") out[alloc["id"]] = task["pid"];
        }
        return out;
    }
    std::map<std::string, pid_t> run(const std::string& job, std::size_t count) {
        cluster.submit(job, sleeper(job, static_cast<int>(count)));
        EXPECT_TRUE(eventually([&] { return pids(job).size() == count; }, kPatience)) << job;
        return pids(job);
    }
    std::vector<std::string> types_of_events() const {
        std::vector<std::string> types;
        for (std::uint64_t next = 0;;) {
            const Json page = cluster.get("/v1/events?follow=false&since=" + std::to_string(next));
            if (!page.is_object()) return types;
            for (const Json& event : page["events"]) types.push_back(event["type"]);
            next = page["next"];
            if (!page["more"]) return types;
        }
    }
    std::string data() const { return cluster.dir() + "/state-store"; }
    std::string database() const { return data() + "/state.db"; }
    void restart_store() {
        cluster.start(Service::state_store);
        ASSERT_TRUE(eventually([&] { return cluster.healthy(); }, kPatience)) << cluster.logs();
    }
    void expect_same(const std::string& job, const std::map<std::string, pid_t>& before) const {
        EXPECT_TRUE(eventually([&] { return pids(job) == before; }, kPatience))
            << testing::PrintToString(pids(job)) << " instead of " << testing::PrintToString(before);
        for (const auto& [alloc, pid] : before) EXPECT_TRUE(alive(pid)) << pid;
    }

    Cluster cluster;
};

TEST_F(Store, ABackupIsMadeAndCheckedWhileItWorksAndReplacesNothing) {
    const auto before = run("web", 3);
    const std::string file = cluster.dir() + "/backup.db";
    const Outcome made = cluster.drover({"store", "backup", file});
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_TRUE(fs::is_empty(data() + "/backups")) << "it was taken to where it was asked for";
    const Outcome again = cluster.drover({"store", "backup", file});
    EXPECT_EQ(again.code, 1);
    EXPECT_THAT(again.err, HasSubstr("there is a file " + file + " already"));
    EXPECT_THAT(cluster.drover({"store", "check", file}).out, HasSubstr("is whole: "));
    EXPECT_THAT(cluster.drover({"store", "check"}).out, HasSubstr("is whole: "));
    EXPECT_THAT(cluster.drover({"store", "check", database()}).err, HasSubstr("is in use by process"));

    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(4096) << std::string(4096, 'x');
    const Outcome damaged = cluster.drover({"store", "check", file});
    EXPECT_EQ(damaged.code, 1) << damaged.out;
    EXPECT_THAT(damaged.err, HasSubstr("Error: the "));
    expect_same("web", before);
}

TEST_F(Store, ARestoredBackupKeepsThePidsOfWhatItKnows) {
    const auto before = run("web", 5);
    const std::string file = cluster.dir() + "/backup.db";
    ASSERT_EQ(cluster.drover({"store", "backup", file}).code, 0);
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(cluster.drover({"var", "put", "later/" + std::to_string(i), "a=b"}).code, 0);
    }
    cluster.kill(Service::state_store);
    for (const char* part : {"", "-wal", "-shm"}) fs::remove(database() + part);
    fs::copy_file(file, database());
    restart_store();
    expect_same("web", before);
    EXPECT_TRUE(eventually([&] { return !cluster.get("/v1/variables/later/1").is_object(); }, kPatience));
    EXPECT_THAT(types_of_events(), Contains("Store Recovered").Times(1));
    EXPECT_EQ(run("next", 1).size(), 1U) << "it takes on new work";
    expect_same("web", before);
    EXPECT_EQ(cluster.drover({"job", "stop", "web"}).code, 0);
    for (const auto& [alloc, pid] : before) {
        EXPECT_TRUE(eventually([p = pid] { return !alive(p); }, kPatience)) << "they are in control";
    }
}

TEST_F(Store, WhenTheDatabaseIsGoneTasksRunOnAndAreInControlOnceTheirJobIsSubmittedAgain) {
    const auto before = run("web", 5);
    cluster.kill(Service::state_store);
    cluster.kill(Service::alloc_runner);
    cluster.kill(Service::driver_manager);
    for (const char* part : {"", "-wal", "-shm"}) fs::remove(database() + part);
    cluster.start(Service::driver_manager);
    cluster.start(Service::alloc_runner);
    restart_store();
    cluster.submit("web", sleeper("web", 5));
    expect_same("web", before);
    EXPECT_EQ(cluster.drover({"job", "stop", "web"}).code, 0);
    for (const auto& [alloc, pid] : before) {
        EXPECT_TRUE(eventually([p = pid] { return !alive(p); }, kPatience)) << "they are in control";
    }
}

// Every kind of damage to every file, with ten tasks running.
TEST_F(Store, WhateverIsDamagedItStartsAndTenTasksKeepTheirPids) {
    const auto before = run("web", 10);
    std::mt19937 random(7);
    std::size_t recoveries = 0;
    for (const std::string file : {"state.db", "state.db-wal", "state.db-shm", "state-store.lock", "reserve"}) {
        for (const char* kind : {"truncated", "zeroed", "flipped"}) {
            SCOPED_TRACE(file + " " + kind);
            cluster.kill(Service::state_store);
            const std::string path = data() + "/" + file;
            ASSERT_TRUE(fs::exists(path));
            const auto size = fs::file_size(path);
            const auto at = size == 0 ? 0 : random() % size;
            if (std::string(kind) == "truncated") {
                fs::resize_file(path, at);
            } else {
                std::fstream damaged(path, std::ios::in | std::ios::out | std::ios::binary);
                damaged.seekp(static_cast<std::streamoff>(at));
                const std::size_t length = std::min<std::size_t>(size - at, 6000);
                for (std::size_t i = 0; i < length; ++i) {
                    damaged.put(static_cast<char>(std::string(kind) == "zeroed" ? 0 : random()));
                }
            }
            restart_store();
            expect_same("web", before);
            if (HasFailure()) return;
            const auto types = types_of_events();
            const auto told = static_cast<std::size_t>(std::count(types.begin(), types.end(), "Store Recovered"));
            EXPECT_LE(told, recoveries + 1) << "one event a recovery";
            recoveries = told;
        }
    }
    EXPECT_GE(recoveries, 1U);
    EXPECT_EQ(cluster.drover({"store", "check"}).code, 0);
}

// The store keeps twenty events.
struct StoreWithAShortLog : Store {
    StoreWithAShortLog() {
        cluster.kill(Service::state_store);
        ::setenv("DROVER_EVENTS_MAX_COUNT", "20", 1);
        restart_store();
        ::unsetenv("DROVER_EVENTS_MAX_COUNT");
    }
    static std::size_t lines(const std::string& text) {
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }
};

TEST_F(StoreWithAShortLog, EventsBeginWhereTheyAreAskedToAndSayWhatIsGone) {
    run("web", 15);  // three events each
    ASSERT_TRUE(eventually([&] { return types_of_events().size() == 20; }, kPatience));
    const Outcome all = cluster.drover({"events"});
    EXPECT_EQ(lines(all.out), 20U);
    EXPECT_EQ(all.err, "") << "who asks for what there is is told nothing about what is not";
    for (const char* from : {"1", "1h"}) {
        const Outcome outcome = cluster.drover({"events", "--from", from});
        EXPECT_EQ(outcome.code, 0);
        EXPECT_EQ(lines(outcome.out), 20U) << from;
        EXPECT_THAT(outcome.err,
                    testing::StartsWith("Note: some of the events asked for are gone: those up to number "));
    }
    EXPECT_THAT(cluster.drover({"events", "--since", "1"}).err, HasSubstr("are gone"));
    EXPECT_EQ(cluster.drover({"events", "--from", "now"}).out, "");

    const std::string objects = cluster.drover({"events", "-o", "json"}).out;
    const Json last = Json::parse(objects.substr(objects.rfind('\n', objects.size() - 2) + 1));
    const std::string number = std::to_string(last["number"].get<std::uint64_t>());
    const Outcome one = cluster.drover({"events", "--from", number});
    EXPECT_EQ(lines(one.out), 1U);
    EXPECT_EQ(one.err, "");

    const Outcome mistyped = cluster.drover({"events", "--from", "10 minutes"});
    EXPECT_EQ(mistyped.code, 2);
    EXPECT_THAT(mistyped.err, HasSubstr("\"10 minutes\" is no place to begin at; did you mean 10m?"));
    EXPECT_EQ(cluster.drover({"events", "--from", "now", "--since", "5"}).code, 2);
}

struct StoreOnASmallDisk : Store {
    StoreOnASmallDisk() {
        cluster.kill(Service::state_store);
        fs::remove_all(data());
        fs::create_directory(data());
        mounted = ::mount("tmpfs", data().c_str(), "tmpfs", 0, "size=8m,mode=0700") == 0;
        ::setenv("DROVER_DISK_RESERVE", "1MiB", 1);
        restart_store();
    }
    ~StoreOnASmallDisk() override {
        cluster.kill(Service::state_store);
        ::unsetenv("DROVER_DISK_RESERVE");
        if (mounted) ::umount2(data().c_str(), MNT_DETACH);
    }
    void fill() const {
        std::ofstream ballast(data() + "/ballast", std::ios::binary);
        while (ballast << std::string(4096, 'x') << std::flush) continue;
    }
    Outcome put(int i) const {
        return cluster.drover({"var", "put", "fill/" + std::to_string(i), "text=" + std::string(2000, 'x')});
    }
    bool mounted = false;
};

TEST_F(StoreOnASmallDisk, ItRefusesNewWorkRecordsWhatRunsAndGoesOnByItself) {
    if (!mounted) GTEST_SKIP() << "a small file system cannot be mounted here";
    const auto before = run("web", 2);
    fill();
    Outcome refused;
    for (int i = 0; i < 200 && refused.code <= 0; ++i) refused = put(i);
    EXPECT_EQ(refused.code, 3) << refused.out << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("disk full: "));
    std::ofstream(cluster.dir() + "/more.yaml") << sleeper("more");
    EXPECT_THAT(cluster.drover({"job", "run", "--detach", cluster.dir() + "/more.yaml"}).err, HasSubstr("disk full: "));

    // What runs is recorded: an end, and the start that follows it.
    const pid_t victim = before.begin()->second;
    ::kill(victim, SIGKILL);
    EXPECT_TRUE(eventually([&] { return pids("web").size() == 2 && pids("web") != before; }, kPatience));
    EXPECT_THAT(types_of_events(), Contains("Store Disk Full"));

    // A store that is killed starts again on the full disk.
    const auto now = pids("web");
    cluster.kill(Service::state_store);
    restart_store();
    expect_same("web", now);
    EXPECT_THAT(put(999).err, HasSubstr("disk full: "));

    fs::remove(data() + "/ballast");
    EXPECT_TRUE(eventually([&] { return put(1000).code == 0; }, kPatience));
    EXPECT_THAT(types_of_events(), Contains("Store Has Room"));
    EXPECT_EQ(run("more", 1).size(), 1U);
    expect_same("web", now);
}

}  // namespace
}  // namespace drover::integration
