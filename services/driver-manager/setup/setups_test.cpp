#include "driver-manager/setup/setups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "rt/sim_loop.hpp"

namespace drover::setup {
namespace {

using launcher::RunKey;
using testing::Contains;
using testing::ElementsAre;
using wire::SetupKind;

RunKey key(const std::string& task) { return {"a1", task, 1}; }

Site site_with(bool payload, bool artifacts) {
    Site site;
    if (payload) site.command.spec.payload_file = "input";
    if (artifacts) site.command.spec.artifacts.emplace_back();
    return site;
}

// A step that ends when the test says so.
class Held : public Step {
   public:
    Held(std::map<Held*, StepVoice>& all, StepVoice voice) : all_(all) { all_[this] = std::move(voice); }
    ~Held() override { all_.erase(this); }
    void begin() override { all_[this].waits("variable db"); }

   private:
    std::map<Held*, StepVoice>& all_;
};

class SetupsTest : public testing::Test, public SetupListener {
   protected:
    SetupsTest() {
        makers_[SetupKind::directory] = at_once([](Site&) -> Result<void> { return {}; });
        makers_[SetupKind::artifacts] = [this](Site&, StepVoice voice) {
            return std::make_unique<Held>(held_, std::move(voice));
        };
    }

    void settle() { loop_.run_for(milliseconds(1)); }
    void end_first(const Result<void>& result) { held_.begin()->second.ended(result); }

    void on_setup(const RunKey& run, const driver_manager::SetupCourse& setup) override {
        said_.push_back(run.task + " " + std::string(to_string(setup.steps().back().kind)) +
                        (setup.waits().empty() ? "" : " waits for " + setup.waits()));
    }
    void on_told(const launcher::RunKey&, const std::string&) override {}
    void on_queued(const RunKey& run) override { said_.push_back(run.task + " queued"); }
    void on_set_up(const RunKey& run, const Site&, const driver_manager::SetupCourse& setup) override {
        said_.push_back(run.task + (setup.error() ? " failed: " + setup.error()->message : " done"));
    }

    rt::SimLoop loop_;
    Setups::Makers makers_;
    std::map<Held*, StepVoice> held_;
    std::vector<std::string> said_;
};

TEST_F(SetupsTest, StepsFollowOneAnotherAndTheEndIsToldOnce) {
    Setups setups(loop_, 2, makers_, *this);
    setups.begin(key("t"), site_with(false, true));
    settle();
    EXPECT_THAT(said_, ElementsAre("t directory", "t artifacts", "t artifacts waits for variable db"));
    setups.begin(key("t"), site_with(false, true));
    end_first({});
    settle();
    EXPECT_EQ(said_.back(), "t done");
    EXPECT_TRUE(held_.empty());
    EXPECT_FALSE(setups.cancel(key("t")));
}

TEST_F(SetupsTest, AFailedStepEndsTheSetup) {
    makers_[SetupKind::directory] =
        at_once([](Site&) -> Result<void> { return fail(ErrorKind::unavailable, "disk full"); });
    Setups setups(loop_, 2, makers_, *this);
    setups.begin(key("t"), site_with(false, true));
    settle();
    EXPECT_THAT(said_, ElementsAre("t directory", "t failed: disk full"));
    EXPECT_TRUE(held_.empty());
}

TEST_F(SetupsTest, AStepThatNobodyKnowsFails) {
    Setups setups(loop_, 2, makers_, *this);
    setups.begin(key("t"), site_with(true, false));
    settle();
    EXPECT_THAT(said_.back(), testing::HasSubstr("t failed: this driver-manager knows no setup step \"payload\""));
}

TEST_F(SetupsTest, ACancelledOneEndsItsStepAtOnceAndIsNotHeardOf) {
    Setups setups(loop_, 1, makers_, *this);
    setups.begin(key("a"), site_with(false, true));
    setups.begin(key("b"), site_with(false, true));
    setups.begin(key("c"), site_with(false, false));
    settle();
    EXPECT_EQ(held_.size(), 1U);
    said_.clear();
    EXPECT_TRUE(setups.cancel(key("b"))) << "while it waits for its turn";
    EXPECT_TRUE(setups.cancel(key("a"))) << "in the middle of a step";
    EXPECT_TRUE(held_.empty());
    settle();
    EXPECT_THAT(said_, ElementsAre("c directory", "c done"));
}

TEST_F(SetupsTest, OnesThatWaitForTheirTemplatesHoldNobodyUp) {
    makers_[SetupKind::templates] = [this](Site&, StepVoice voice) {
        const auto waits = voice.waits;
        voice.waits = [waits, gives_way = voice.gives_way](const std::string& what) {
            waits(what);
            gives_way();
        };
        return std::make_unique<Held>(held_, std::move(voice));
    };
    Setups setups(loop_, 1, makers_, *this);
    for (const char* task : {"a", "b", "c"}) {
        Site site;
        site.command.spec.templates.emplace_back();
        setups.begin(key(task), std::move(site));
        settle();
    }
    EXPECT_EQ(held_.size(), 3U);
    setups.begin(key("d"), site_with(false, false));
    settle();
    EXPECT_EQ(said_.back(), "d done");
}

TEST_F(SetupsTest, OnlySoManyGoOnAtATime) {
    Setups setups(loop_, 3, makers_, *this);
    for (int i = 0; i < 10; ++i) setups.begin(key("t" + std::to_string(i)), site_with(false, true));
    settle();
    EXPECT_EQ(held_.size(), 3U);
    EXPECT_THAT(said_, Contains("t9 queued").Times(1));
    for (int i = 0; i < 10; ++i) {
        EXPECT_LE(held_.size(), 3U);
        end_first({});
        settle();
    }
    EXPECT_TRUE(held_.empty());
    EXPECT_EQ(std::count_if(said_.begin(), said_.end(), [](const auto& text) { return text.ends_with(" done"); }), 10);
}

}  // namespace
}  // namespace drover::setup
