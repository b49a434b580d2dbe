// Whom to listen to, and when to listen anew: in virtual time.
#include "bus/contacts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::bus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Standing = Contacts::Standing;

const std::string kA = "tcp://10.0.0.1:7001";
const std::string kB = "tcp://10.0.0.2:7001";

wire::PeerAddress node(const std::string& id, const std::vector<std::string>& at) { return {id, "driver-manager", at}; }

// Takes a step each second, as the transport does, and writes down what is to be done and when.
class ContactsTest : public testing::Test {
   protected:
    void step() {
        for (const Contacts::Step& step : contacts_.steps(now_)) {
            static constexpr const char* kWords[] = {"open", "reopen", "close", "look up"};
            said_.push_back(std::to_string((now_ - start_).ms() / 1000) + " " +
                            kWords[static_cast<std::size_t>(step.deed)] + " " + step.what);
        }
    }
    void run(int seconds_to_run, const std::vector<std::string>& speaking = {}) {
        for (int i = 0; i < seconds_to_run; ++i) {
            now_ = now_ + seconds(1);
            for (const std::string& endpoint : speaking) contacts_.heard(now_, endpoint);
            step();
        }
    }
    std::vector<std::string> said() { return std::exchange(said_, {}); }

    const Instant start_{1'000'000'000};
    Instant now_ = start_;
    Contacts contacts_{"me", {"driver-manager"}};
    std::vector<std::string> said_;
};

TEST_F(ContactsTest, ASilentPeerIsListenedToAnewAndLessAndLessOften) {
    contacts_.configured(kA);
    step();
    run(100);
    EXPECT_THAT(said(), ElementsAre("0 open " + kA, "5 reopen " + kA, "15 reopen " + kA, "35 reopen " + kA,
                                    "65 reopen " + kA, "95 reopen " + kA));
}

TEST_F(ContactsTest, APeerThatSpeaksIsLeftAlone) {
    contacts_.configured(kA);
    step();
    run(1'000, {kA});
    EXPECT_THAT(said(), ElementsAre("0 open " + kA));
    EXPECT_EQ(contacts_.standing(now_, kA), Standing::heard);
}

TEST_F(ContactsTest, APeerThatWasHeardAgainIsGivenTheFirstPatienceAgain) {
    contacts_.configured(kA);
    step();
    run(70);
    run(1, {kA});
    said();
    run(6);
    EXPECT_THAT(said(), ElementsAre("76 reopen " + kA));
}

TEST_F(ContactsTest, ASilentPeerIsSuspectBeforeItsSocketIsTouchedAndItsNameIsLookedUpOnce) {
    contacts_.resolved("runners:7001", {kA});
    step();
    run(2);
    EXPECT_EQ(contacts_.standing(now_, kA), Standing::heard);
    run(2);
    EXPECT_EQ(contacts_.standing(now_, kA), Standing::suspect);
    EXPECT_THAT(said(), ElementsAre("0 open " + kA, "3 look up runners:7001"));
    run(1, {kA});
    run(3);
    EXPECT_THAT(said(), ElementsAre("8 look up runners:7001"));
}

TEST_F(ContactsTest, EveryAddressOfANameIsListenedToAndOneThatLeftItIsForgottenOnceItIsSilent) {
    contacts_.resolved("runners:7001", {kA, kB});
    step();
    EXPECT_THAT(said(), ElementsAre("0 open " + kA, "0 open " + kB));
    run(10, {kA, kB});
    contacts_.resolved("runners:7001", {kB});
    run(20, {kA, kB});
    EXPECT_THAT(said(), IsEmpty()) << "it still speaks";
    run(14, {kB});
    EXPECT_NE(contacts_.standing(now_, kA), Standing::unknown);
    run(1, {kB});
    EXPECT_EQ(contacts_.standing(now_, kA), Standing::unknown);
    EXPECT_EQ(said().back(), "45 close " + kA);
}

TEST_F(ContactsTest, WhoIntroducesItselfIsHeardUntilItsConnectionsEnd) {
    contacts_.introduced(node("n1", {kA}));
    contacts_.introduced(node("n1", {kA}));  // the new connection comes before the old one is known to be gone
    step();
    EXPECT_THAT(said(), ElementsAre("0 open " + kA));
    EXPECT_THAT(contacts_.introductions(), ElementsAre(node("n1", {kA})));
    contacts_.withdrawn(node("n1", {kA}));
    EXPECT_THAT(contacts_.introductions(), ElementsAre(node("n1", {kA})));
    contacts_.withdrawn(node("n1", {kA}));
    EXPECT_THAT(contacts_.introductions(), IsEmpty());
    run(15);
    EXPECT_THAT(said().back(), "15 close " + kA);
}

TEST_F(ContactsTest, OfTheListOnlyTheRolesWeHearAndNeverOurselves) {
    contacts_.listed({node("n1", {kA}), {"gw-0", "gateway", {kB}}, node("me", {"tcp://10.0.0.3:1"})});
    step();
    EXPECT_THAT(said(), ElementsAre("0 open " + kA));
}

TEST_F(ContactsTest, AServiceWithTwoEndpointsIsHeardAtOneAndAtTheOtherWhenThatIsSilent) {
    contacts_.listed({node("n1", {kA, kB})});
    step();
    run(60, {kA});
    EXPECT_THAT(said(), ElementsAre("0 open " + kA));
    run(5);
    EXPECT_THAT(said(), ElementsAre("65 open " + kB, "65 reopen " + kA));
}

TEST_F(ContactsTest, WhatIsConfiguredComesBeforeWhatIsLearnedOfTheSameService) {
    contacts_.listed({node("n1", {kA})});
    step();
    contacts_.configured(kB);
    run(1, {kA});
    contacts_.heard_as(kB, "n1");
    run(3, {kA, kB});
    EXPECT_THAT(said(), ElementsAre("0 open " + kA, "1 open " + kB, "2 close " + kA));
    run(6);
    EXPECT_EQ(said().back(), "9 reopen " + kB);
    EXPECT_EQ(contacts_.standing(now_, kA), Standing::heard) << "and is heard at the other when the first is silent";
}

TEST_F(ContactsTest, WhatWasRememberedStandsUntilTheListIsHeard) {
    contacts_.remembered({node("n1", {kA}), node("n2", {kB})});
    step();
    run(600);
    EXPECT_EQ(contacts_.standing(now_, kA), Standing::suspect) << "the store is away: it is tried for ever";
    contacts_.listed({node("n1", {kA})});
    run(1);
    EXPECT_EQ(contacts_.standing(now_, kB), Standing::unknown);
    EXPECT_THAT(contacts_.list(), ElementsAre(node("n1", {kA})));
}

TEST_F(ContactsTest, AnEmptyListOfAStoreThatJustStartedTakesNobodyAwayWhoSpeaks) {
    contacts_.listed({node("n1", {kA})});
    step();
    run(10, {kA});
    contacts_.listed({});
    run(100, {kA});
    EXPECT_THAT(said(), ElementsAre("0 open " + kA));
    EXPECT_THAT(contacts_.list(), ElementsAre(node("n1", {kA}))) << "and it stays in the copy";
}

TEST_F(ContactsTest, TooManyIntroductionsAreNotFollowed) {
    for (std::size_t i = 0; i < 2 * Contacts::kMaxLearned; ++i)
        contacts_.introduced(node("n" + std::to_string(i), {"tcp://10.0.0.1:" + std::to_string(i)}));
    step();
    EXPECT_EQ(said().size(), Contacts::kMaxLearned);
}

}  // namespace
}  // namespace drover::bus
