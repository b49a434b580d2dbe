// Taking work away: a node that is drained, a job that is purged, allocs that have ended long ago.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "integration/cluster.hpp"

namespace drover::integration {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string job(const std::string& name, const std::string& type, const std::string& script) {
    return "job: " + name + "\ntype: " + type +
           "\ngroups:\n  - name: group\n    tasks:\n      - name: task\n        driver: raw_exec\n"
           "        config: { command: /bin/sh, args: [\"-c\", \"" +
           script + "\"] }\n";
}

std::string state_of(const Cluster& cluster, const std::string& name) {
    const Json task = task_of(cluster.alloc(name), "task");
    return task.is_object() ? task.value("state", "") : "";
}

std::string job_status(const Cluster& cluster, const std::string& name) {
    const Json view = cluster.get("/v1/jobs/" + name);
    return view.is_object() ? view.value("status", "") : "";
}

// For the life of one test; the services inherit it.
struct Setting {
    Setting(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
    ~Setting() { unsetenv(name_); }
    Setting(const Setting&) = delete;
    Setting& operator=(const Setting&) = delete;

   private:
    const char* name_;
};

TEST(Retire, APurgedJobLeavesItsHistoryAndNothingElse) {
    Cluster cluster;
    cluster.submit("web", job("web", "service", "sleep 60"));
    ASSERT_TRUE(eventually([&] { return state_of(cluster, "web") == "running"; }, seconds(20)));
    const std::string id = cluster.alloc("web")["id"];
    const std::string files = cluster.dir() + "/driver-manager/allocs/" + id;
    ASSERT_TRUE(fs::exists(files));
    const Outcome purge = cluster.drover({"job", "stop", "web", "--purge"});
    EXPECT_EQ(purge.code, 0) << purge.out << purge.err;
    EXPECT_EQ(cluster.drover({"job", "status", "web"}).code, 4);
    EXPECT_TRUE(eventually([&] { return !fs::exists(files); }, seconds(5))) << "though it was the only job";
    const Outcome kept = cluster.drover({"alloc", "status", id});
    EXPECT_EQ(kept.code, 0) << kept.err;
    EXPECT_THAT(kept.out, HasSubstr("removed: its job was purged"));
    EXPECT_THAT(kept.out, HasSubstr("Killing"));
}

// Every service hears of everything anew; a second job runs to its end meanwhile, so everybody has had time to be wrong
// about the first.
void begin_anew(Cluster& cluster) {
    for (const Service service : kServices) {
        cluster.kill(service);
        cluster.start(service);
    }
    ASSERT_TRUE(eventually([&] { return cluster.healthy(); }, seconds(30)));
    cluster.submit("other", job("other", "batch", "true"));
    ASSERT_TRUE(eventually([&] { return job_status(cluster, "other") == "complete"; }, seconds(20)));
}

// Is there anything left of it, but for the trash?
bool has_files(const Cluster& cluster, const std::string& alloc) {
    const std::string data = cluster.dir() + "/driver-manager/";
    return fs::exists(data + "allocs/" + alloc) || fs::exists(data + "tasks/" + alloc);
}

TEST(Retire, AnAllocWhoseSetupFailedOrThatNeverRanIsDestroyedLikeAnyOtherAndStaysSo) {
    const std::map<std::string, std::string> jobs = {
        {"failed",
         "    restart: { attempts: 0, mode: fail }\n    tasks:\n      - name: task\n        driver: raw_exec\n"
         "        artifacts: [{ source: \"file:///does/not/exist\" }]\n        config: { command: /bin/sleep, args: "
         "[\"60\"] }\n"},
        {"waiting",
         "    tasks:\n      - name: task\n        driver: raw_exec\n"
         "        templates: [{ data: '{{ var \"nobody/put\" \"it\" }}', destination: local/x }]\n"
         "        config: { command: /bin/sleep, args: [\"60\"] }\n"},
        {"behind",
         "    tasks:\n      - name: task\n        driver: raw_exec\n        config: { command: /bin/true }\n"
         "      - name: first\n        driver: raw_exec\n        lifecycle: { hook: prestart }\n"
         "        config: { command: /bin/sleep, args: [\"60\"] }\n"}};
    Cluster cluster;
    for (const auto& [name, tasks] : jobs)
        cluster.submit(name, "job: " + name + "\ngroups:\n  - name: group\n" + tasks);
    const auto told = [&](const std::string& name, const std::string& task, const std::string& event) {
        const auto types = event_types(cluster.alloc(name), task);
        return std::find(types.begin(), types.end(), event) != types.end();
    };
    EXPECT_TRUE(eventually([&] { return state_of(cluster, "failed") == "dead"; }, seconds(20)));
    EXPECT_TRUE(eventually([&] { return told("waiting", "task", "Template"); }, seconds(20)))
        << cluster.alloc("waiting");
    EXPECT_TRUE(eventually([&] { return told("behind", "first", "Started"); }, seconds(20)));
    std::vector<std::string> ids;
    for (const auto& [name, tasks] : jobs) {
        ids.push_back(cluster.alloc(name)["id"]);
        EXPECT_TRUE(has_files(cluster, ids.back())) << name;
        EXPECT_THAT(event_types(cluster.alloc(name), "task"), Not(Contains("Started"))) << name;
        const Outcome purge = cluster.drover({"job", "stop", name, "--purge", "--detach"});
        EXPECT_EQ(purge.code, 0) << purge.out << purge.err;
    }
    for (const std::string& id : ids)
        EXPECT_TRUE(eventually([&] { return !has_files(cluster, id); }, seconds(20)))
            << cluster.get("/v1/allocs/" + id);

    begin_anew(cluster);
    for (const std::string& id : ids) {
        EXPECT_EQ(cluster.get("/v1/allocs/" + id)["desired"], "removed");
        EXPECT_FALSE(has_files(cluster, id));
    }
}

TEST(Retire, AServiceLeavesADrainedNodeAndComesBackWhenItIsEnabled) {
    Cluster cluster;
    cluster.submit("web", job("web", "service", "sleep 60"));
    cluster.submit("sum", job("sum", "batch", "sleep 60"));
    ASSERT_TRUE(eventually(
        [&] { return state_of(cluster, "web") == "running" && state_of(cluster, "sum") == "running"; }, seconds(20)));
    const Json known = cluster.get("/v1/nodes")["nodes"][0];
    EXPECT_TRUE(known["attributes"].contains("storage.used_percent")) << known;
    const std::string node = known["id"];
    EXPECT_EQ(cluster.drover({"node", "drain", node}).code, 0);
    ASSERT_TRUE(eventually([&] { return state_of(cluster, "web") == "dead"; }, seconds(10)));
    EXPECT_EQ(state_of(cluster, "sum"), "running") << "batch work has until the deadline";
    ASSERT_TRUE(eventually([&] { return job_status(cluster, "web") == "pending"; }, seconds(5)));
    EXPECT_THAT(cluster.drover({"job", "status", "web"}).out, HasSubstr("eligible for new allocs"));
    EXPECT_THAT(cluster.drover({"node", "status"}).out, HasSubstr("draining"));
    EXPECT_EQ(cluster.drover({"node", "eligibility", node, "--enable"}).code, 1) << "not before the drain has ended";
    EXPECT_EQ(cluster.drover({"node", "drain", node, "--disable"}).code, 0);
    EXPECT_EQ(job_status(cluster, "web"), "pending");
    EXPECT_EQ(cluster.drover({"node", "eligibility", node, "--enable"}).code, 0);
    EXPECT_TRUE(eventually([&] { return job_status(cluster, "web") == "running"; }, seconds(10)));
    EXPECT_EQ(cluster.allocs("web").size(), 2U);
}

TEST(Retire, BatchWorkIsDoneOnceAlthoughItsAllocIsRemovedAndEverythingIsKilled) {
    const Setting interval("DROVER_GC_INTERVAL", "1s");
    const Setting age("DROVER_GC_MAX_AGE", "1s");
    Cluster cluster;
    const std::string work = cluster.dir() + "/work";
    cluster.submit("sum", job("sum", "batch", "echo done >> " + work));
    ASSERT_TRUE(eventually([&] { return slurp(work) == "done\n" && !cluster.allocs("sum").empty(); }, seconds(20)));
    const std::string id = cluster.alloc("sum")["id"];
    ASSERT_TRUE(eventually([&] { return cluster.allocs("sum").empty(); }, seconds(20)));
    EXPECT_TRUE(eventually([&] { return !fs::exists(cluster.dir() + "/driver-manager/allocs/" + id); }, seconds(5)));
    EXPECT_EQ(job_status(cluster, "sum"), "complete");
    begin_anew(cluster);
    EXPECT_EQ(slurp(work), "done\n");
    EXPECT_EQ(job_status(cluster, "sum"), "complete");
    EXPECT_EQ(cluster.get("/v1/allocs/" + id)["desired"], "removed");
}

}  // namespace
}  // namespace drover::integration
