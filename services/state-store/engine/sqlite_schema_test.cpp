// Databases of earlier versions go on as they are; those of later ones are left alone.
#include "state-store/engine/sqlite_schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/hash.hpp"
#include "state-store/engine/sqlite_open.hpp"

namespace drover::store {
namespace {

namespace fs = std::filesystem;
using schema::Migration;
using testing::HasSubstr;

class SchemaTest : public testing::Test {
   protected:
    SchemaTest() { fs::create_directory(directory_); }
    ~SchemaTest() override { fs::remove_all(directory_); }

    Db make() {
        auto opened = open_sqlite(path_, Instant{1});
        EXPECT_TRUE(opened->engine->commit({{ChangeKind::put, 0, "job/web", "1"}}));
        opened->engine.reset();
        return std::move(*Db::open(path_));
    }
    static std::string only(Db& db, const std::string& sql) {
        auto select = Statement::prepare(db, sql);
        return select && select->step().value_or(false) ? select->text(0) : "nothing";
    }

    std::string directory_ = testing::TempDir() + "schema-" + random_hex(12);
    std::string path_ = directory_ + "/state.db";
};

TEST_F(SchemaTest, ADatabaseOfFormat1IsReadAsItWasWritten) {
    fs::copy_file(fs::path(__FILE__).parent_path() / "golden/format-1.db", path_);
    const auto opened = open_sqlite(path_, Instant{1});
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->recovered, "");
    const Engine& engine = *opened->engine;
    EXPECT_EQ(engine.uuid(), "82b274c1b59e3ca606775018fe70c85c");
    EXPECT_EQ(engine.head(), 19U);
    std::string state;
    const std::vector<Entry> entries = engine.after(0, 0, 100).value();
    for (const Entry& entry : entries) {
        state += std::to_string(entry.revision) + ":" + entry.key +
                 (entry.erased ? "-" : "=" + entry.value.substr(0, 9)) + " ";
    }
    EXPECT_EQ(state, "4:job/3=job 3 5:job/4=job 4 6:job/big=bbbbbbbbb 18:job/0- 19:job/2=changed ");
    EXPECT_EQ(engine.get("job/big").value()->value, std::string(9000, 'b'));
    EXPECT_EQ(engine.count(1), 10U);
    EXPECT_EQ(engine.get("done/r1").value()->value, "answer");
}

TEST_F(SchemaTest, StepsLeadFromVersionToVersionAndKeepWhatIsThere) {
    Db db = make();
    const Migration steps[] = {{1, "CREATE TABLE notes(text TEXT NOT NULL); INSERT INTO notes VALUES('one')"},
                               {2, "ALTER TABLE notes ADD COLUMN n INTEGER NOT NULL DEFAULT 2"},
                               {3, "never reached"}};
    ASSERT_TRUE(schema::migrate(db, steps, 3));
    EXPECT_EQ(schema::version(db), 3U);
    EXPECT_EQ(only(db, "SELECT text || n FROM notes"), "one2");
    EXPECT_EQ(only(db, "SELECT value FROM entries WHERE key = 'job/web'"), "1");
    ASSERT_TRUE(schema::migrate(db, steps, 3));
    EXPECT_EQ(only(db, "SELECT count(*) FROM notes"), "1") << "each step is done once";
}

TEST_F(SchemaTest, AStepThatFailsLeavesEverythingAsItWas) {
    Db db = make();
    const Migration steps[] = {{1, "CREATE TABLE notes(text TEXT NOT NULL)"}, {2, "no SQL"}};
    EXPECT_FALSE(schema::migrate(db, steps, 3));
    Db again = std::move(*Db::open(path_));
    EXPECT_EQ(schema::version(again), 1U);
    EXPECT_EQ(only(again, "SELECT count(*) FROM sqlite_schema WHERE name = 'notes'"), "0");
    EXPECT_TRUE(schema::verify(again));
}

TEST_F(SchemaTest, WhereNoStepLeadsOnTheSentenceSaysSo) {
    Db db = make();
    const auto refused = schema::migrate(db, {}, 2);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::refused);
    EXPECT_THAT(refused.error().message, HasSubstr("has the format 1, from which no step leads to 2"));
    EXPECT_EQ(schema::version(db), 1U);
}

}  // namespace
}  // namespace drover::store
