// The audit, as users read it and as somebody with the database before him might change it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "integration/cluster.hpp"

namespace drover::integration {
namespace {

using testing::HasSubstr;

const std::string kSleeps = R"(
job: web
groups:
  - name: front
    tasks:
      - { name: server, driver: raw_exec, config: { command: /bin/sleep, args: ["600"] } }
)";

// Changes a database as the engine would, its checksums too: stable_hash of libs/common/base/hash.cpp.
const std::string kTamper = R"python(
import sqlite3, sys
M = (1 << 64) - 1
def mix(data, seed=0):
    h = 0xcbf29ce484222325 ^ seed
    for byte in data:
        h = (h ^ byte) * 0x100000001b3 & M
    h = (h + 0x9e3779b97f4a7c15) & M
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9 & M
    h = (h ^ h >> 27) * 0x94d049bb133111eb & M
    return h ^ h >> 31
def checksum(revision, key, space, erased, value):
    seed = (mix(key.encode(), revision) + space * 2 + erased) & M
    out = mix(value, seed)
    return out - (1 << 64) if out >> 63 else out
db = sqlite3.connect(sys.argv[1])
def row(number):
    return db.execute("SELECT revision, key, value FROM entries WHERE key = ?", ("audit/%020d" % number,)).fetchone()
def store(revision, key, value, good=True):
    sum = checksum(revision, key, 4, 0, value) if good else 0
    db.execute("UPDATE entries SET key = ?, value = ?, sum = ? WHERE revision = ?", (key, value, sum, revision))
how, number = sys.argv[2], int(sys.argv[3])
revision, key, value = row(number)
if how == "byte":
    store(revision, key, value.replace(b"web", b"wob"), sys.argv[4] == "good")
elif how == "remove":
    db.execute("DELETE FROM entries WHERE revision = ?", (revision,))
elif how == "swap":
    other = row(number + 1)
    store(revision, other[1], other[2])
    store(other[0], key, value)
db.commit()
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
db.close()
)python";

class Audit : public testing::Test {
   protected:
    void run_web() {
        cluster.submit("web", kSleeps);
        ASSERT_TRUE(eventually(
            [&] {
                const Json alloc = cluster.alloc("web");
                return alloc.is_object() && alloc["status"] == "running";
            },
            seconds(30)));
    }
    void change_four_times() {
        run_web();
        ASSERT_EQ(cluster.drover({"alloc", "restart", cluster.alloc("web")["id"]}).code, 0);
        ASSERT_EQ(cluster.drover({"job", "stop", "web"}).code, 0);
        ASSERT_EQ(cluster.drover({"var", "put", "db/main", "password=hunter2"}).code, 0);
    }
    Outcome tamper(const std::string& database, const Words& how) const {
        const std::string script = cluster.dir() + "/tamper.py";
        std::ofstream(script) << kTamper;
        Words words = {"/usr/bin/python3", script, database};
        words.insert(words.end(), how.begin(), how.end());
        return run(words, {});
    }
    // What verify says of a backup that was changed like that; "" when it finds nothing.
    std::string found_in_a_backup(const Words& how) {
        const std::string file = cluster.dir() + "/backup-" + std::to_string(++backups) + ".db";
        EXPECT_EQ(cluster.drover({"store", "backup", file}).code, 0);
        const Outcome before = cluster.drover({"audit", "verify", file});
        EXPECT_EQ(before.code, 0) << before.out << before.err;
        const Outcome changed = tamper(file, how);
        EXPECT_EQ(changed.code, 0) << changed.err;
        const Outcome after = cluster.drover({"audit", "verify", file});
        return after.code == 0 ? "" : after.err;
    }

    Cluster cluster;
    int backups = 0;
};

TEST_F(Audit, SaysWhoChangedWhatAndWhoRanWhatBesideATask) {
    run_web();
    const Outcome ran = cluster.drover({"alloc", "exec", cluster.alloc("web")["id"], "true"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    change_four_times();
    EXPECT_NE(cluster.drover({"job", "stop", "nothing"}).code, 0);
    std::string all;
    ASSERT_TRUE(eventually(
        [&] {
            all = cluster.drover({"audit", "list", "-o", "json"}).out;
            return all.find("exec end") != std::string::npos;
        },
        seconds(20)))
        << all;
    for (const char* verb : {"job submit", "alloc restart", "job stop", "variable put", "exec begin"})
        EXPECT_THAT(all, HasSubstr(verb));
    EXPECT_THAT(all, HasSubstr("\"accepted\":false,\"error\":\"there is no job"));
    EXPECT_THAT(all, testing::Not(HasSubstr("hunter2")));
    const Json records = Json::parse(all)["records"];
    for (const Json& record : records) EXPECT_NE(record["who"], "unknown") << record;
    EXPECT_EQ(cluster.drover({"audit", "verify"}).code, 0);
    EXPECT_THAT(cluster.drover({"audit", "list"}).out, HasSubstr("job submit"));
}

TEST_F(Audit, AChangedByteARemovedAndAMovedRowAreFoundInABackup) {
    change_four_times();
    EXPECT_THAT(found_in_a_backup({"byte", "1", "good"}), HasSubstr("audit record 1 was changed"));
    EXPECT_THAT(found_in_a_backup({"byte", "1", "bad"}), HasSubstr("audit record 1 was changed: the checksum"));
    EXPECT_THAT(found_in_a_backup({"remove", "2"}), HasSubstr("audit record 2 is missing"));
    EXPECT_THAT(found_in_a_backup({"remove", "1"}), HasSubstr("audit record 1 is missing"));
    EXPECT_THAT(found_in_a_backup({"swap", "2"}), HasSubstr("audit record 2 is missing: record 3 is next"));
}

TEST_F(Audit, ARowThatWasChangedWhileTheStoreWasDownIsFoundInTheRunningOne) {
    change_four_times();
    const std::string head = Json::parse(cluster.drover({"audit", "verify", "-o", "json"}).out)["head"];
    const std::string database = cluster.dir() + "/state-store/state.db";
    cluster.kill(Service::state_store);
    ASSERT_EQ(tamper(database, {"byte", "1", "good"}).code, 0);
    cluster.start(Service::state_store);
    ASSERT_TRUE(eventually([&] { return cluster.healthy(); }, seconds(30))) << cluster.logs();
    Outcome verdict = cluster.drover({"audit", "verify"});
    EXPECT_EQ(verdict.code, 1) << verdict.out;
    EXPECT_THAT(verdict.err, HasSubstr("audit record 1 was changed"));
    // A row whose checksum is wrong is not read at all: the store salvages the others, and the audit misses it.
    cluster.kill(Service::state_store);
    ASSERT_EQ(tamper(database, {"byte", "3", "bad"}).code, 0);
    cluster.start(Service::state_store);
    ASSERT_TRUE(eventually([&] { return cluster.healthy(); }, seconds(30))) << cluster.logs();
    verdict = cluster.drover({"audit", "verify"});
    EXPECT_EQ(verdict.code, 1) << verdict.out;
    EXPECT_THAT(cluster.drover({"audit", "verify", "--expect", head}).err, HasSubstr("audit record"));
}

}  // namespace
}  // namespace drover::integration
