// A disk that is full, and questions that take long: what runs is recorded all the same.
#include <gmock/gmock.h>

#include "state-store/core/keys.hpp"
#include "state-store/shell/store_test.hpp"

namespace drover::store {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Error kFull{ErrorKind::io, "disk full: no room is left for the database /x/state.db"};

class StoreRoom : public StoreTest {
   protected:
    // What the store says about itself, oldest first.
    std::vector<std::string> news(const std::string& id) {
        std::vector<std::string> types;
        for (const auto& recorded : ask(events_of(id, "")).events) {
            if (recorded.event.job.empty()) types.push_back(recorded.event.type);
        }
        return types;
    }
    // The disk becomes full; `reserve`: there is room in what was set aside.
    void fill(bool reserve) {
        engine->write_error = kFull;
        disk.has_room = false;
        if (reserve) disk.on_release = [this] { engine->write_error.reset(); };
    }
};

TEST_F(StoreRoom, OnAFullDiskNewWorkIsRefusedAndWhatRunsIsRecorded) {
    start();
    record_alloc();
    fill(true);
    runner->say("report/a1", report("a1", "web", term, 1, 3));
    ASSERT_TRUE(until([&] { return recorded() == 3; }));
    for (const std::string job : {"mail", "news"}) {
        const wire::Answer refused = ask(submit("r-" + job, job));
        EXPECT_FALSE(refused.ok);
        EXPECT_EQ(refused.error_kind, "unavailable");
        EXPECT_THAT(refused.message, StartsWith("disk full: no room is left for the database /x/state.db. "));
        EXPECT_THAT(refused.message, HasSubstr("nothing was changed, and what runs goes on"));
    }
    EXPECT_TRUE(ask(stop("r-stop", "web")).ok) << "what makes room is not refused";
    runner->say("report/a1", report("a1", "web", term, 1, 5));
    EXPECT_TRUE(until([&] { return recorded() == 5; }));
    EXPECT_EQ(news("n1"), std::vector<std::string>{"Store Disk Full"});

    disk.has_room = true;
    EXPECT_TRUE(until([&] { return disk.reserved; }, seconds(3)));
    EXPECT_TRUE(ask(submit("r-later", "mail")).ok);
    EXPECT_FALSE(state<wire::JobDesired>("job/news"));
    EXPECT_EQ(news("n2"), (std::vector<std::string>{"Store Disk Full", "Store Has Room"}));
    EXPECT_TRUE(failures.empty());
}

TEST_F(StoreRoom, WithNothingLeftOfTheReserveItWaitsAndGoesOnByItself) {
    network.set_faults({});  // a lease that lapses would make the report one of an old term
    start();
    record_alloc();
    fill(false);
    runner->say("report/a1", report("a1", "web", term, 1, 3));
    gateway->say("r-stop", stop("r-stop", "web"));
    EXPECT_FALSE(ask(submit("r-mail", "mail")).ok);
    EXPECT_EQ(ask(events_of("q1", "web")).error_kind, "") << "questions are answered";
    loop.run_for(minutes(5));
    EXPECT_EQ(recorded(), 0U);
    EXPECT_FALSE(answer("r-stop"));

    disk.has_room = true;
    engine->write_error.reset();
    EXPECT_TRUE(until([&] { return recorded() == 3 && answer("r-stop") && disk.reserved; }, seconds(5)));
    EXPECT_TRUE(ask(submit("r-later", "mail")).ok);
    EXPECT_TRUE(failures.empty());
}

TEST_F(StoreRoom, AStoreStartsOnAFullDiskAndRecordsItsRecoveryLater) {
    start();
    ASSERT_TRUE(ask(submit("r1", "web")).ok);
    ASSERT_TRUE(engine->commit({{ChangeKind::put, kRecoverySpace, std::string(kRecoveryKey), "3 objects are lost"}}));
    fill(false);
    start();
    EXPECT_TRUE(ask(submit("r1", "web")).ok) << "taken on before";
    EXPECT_FALSE(ask(submit("r2", "mail")).ok);
    disk.has_room = true;
    engine->write_error.reset();
    ASSERT_TRUE(until([&] { return disk.reserved; }, seconds(5)));
    loop.run_for(seconds(2));
    EXPECT_EQ(news("n1"), (std::vector<std::string>{"Store Recovered", "Store Disk Full", "Store Has Room"}));
    start();
    EXPECT_EQ(news("n2").size(), 3U) << "each is told once";
}

TEST_F(StoreRoom, ACommitDoesNotWaitForTheQuestionsBeforeIt) {
    network.set_faults({});
    start();
    record_alloc();
    for (int i = 0; i < 100; ++i) gateway->say("q" + std::to_string(i), events_of("q" + std::to_string(i), "web"));
    gateway->say("r-mail", submit("r-mail", "mail"));
    ASSERT_TRUE(until([&] { return answer("q99") && answer("r-mail"); }));
    std::size_t before = 0;
    for (const wire::Record& record : gateway->ears.log["answer/gw-0"]) {
        if (record.key == "r-mail") break;
        before += record.key.starts_with("q") ? 1 : 0;
    }
    EXPECT_LT(before, 50U);
}

TEST_F(StoreRoom, BackupsAndChecksAreAnsweredWhenTheyAreDone) {
    start();
    wire::Request request;
    request.id = "b1";
    request.ask = wire::Ask::store_backup;
    request.path = "monday.db";
    const wire::Answer made = ask(request);
    EXPECT_TRUE(made.ok);
    ASSERT_TRUE(made.store);
    EXPECT_EQ(made.store->file, "/backups/monday.db");
    request.id = "c1";
    request.ask = wire::Ask::store_check;
    const wire::Answer damaged = ask(request);
    EXPECT_FALSE(damaged.ok);
    EXPECT_EQ(damaged.error_kind, "corrupt");
    EXPECT_EQ(damaged.message, "a checksum is wrong");
    EXPECT_TRUE(failures.empty());
}

}  // namespace
}  // namespace drover::store
