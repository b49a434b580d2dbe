#include "shrink.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "system.hpp"

namespace drover::sim {
namespace {

// A promise that nobody made: that no task is ever restarted by a user. With `kind`, another one as well.
Outcome rerun(std::uint64_t seed, const Options::Only& only) {
    EdgesSeen edges;
    const auto watch = [](System& system) {
        for (const std::string& id : system.store.allocs())
            if (const wire::AllocOrder* order = system.store.order_of(id); order && !order->restarts.empty())
                system.world.violate("users restart nothing", id);
    };
    return simulate({seed, only, false, watch}, edges);
}

TEST(Shrinking, LeavesOnlyWhatBreaksThePromise) {
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 200 && found < 5; ++seed) {
        const Outcome whole = rerun(seed, std::nullopt);
        if (whole.promise.empty()) continue;
        ++found;
        const Shrunk shrunk = shrink(whole, [seed](const std::set<std::string>& only) { return rerun(seed, only); });
        EXPECT_LE(shrunk.only.size(), 4u) << "seed " << seed << " " << join(shrunk.only);
        EXPECT_LT(shrunk.only.size(), whole.taken.size());
        const Outcome again = rerun(seed, std::set<std::string>(shrunk.only.begin(), shrunk.only.end()));
        EXPECT_EQ(again.promise, "users restart nothing");
        for (const std::string& name : shrunk.only) {
            std::set<std::string> less(shrunk.only.begin(), shrunk.only.end());
            less.erase(name);
            EXPECT_NE(rerun(seed, less).promise, whole.promise) << name << " is not needed";
        }
    }
    EXPECT_EQ(found, 5);
}

TEST(Shrinking, StopsWhenItsPatienceIsOver) {
    Outcome whole;
    whole.promise = "nothing is right";
    for (int i = 0; i < 64; ++i) whole.taken.push_back(std::to_string(i));
    const Shrunk shrunk = shrink(
        whole, [](const std::set<std::string>&) { return Outcome{}; }, 10);
    EXPECT_EQ(shrunk.runs, 10u);
    EXPECT_EQ(shrunk.only, whole.taken);
}

TEST(Shrinking, DoesNotTakeOneBrokenPromiseForAnother) {
    Outcome whole;
    whole.promise = "first";
    whole.taken = {"a", "b", "c"};
    const auto rerun_of = [](const std::set<std::string>& only) {
        Outcome outcome;
        outcome.promise = only.contains("b") ? "first" : "second";
        outcome.taken.assign(only.begin(), only.end());
        return outcome;
    };
    EXPECT_EQ(shrink(whole, rerun_of).only, std::vector<std::string>{"b"});
}

TEST(Options, LeavingOneOutChangesNothingAboutTheOthers) {
    Options all(7, std::nullopt);
    Options some(7, std::set<std::string>{"b"});
    all.draw("a", 100);
    some.draw("a", 100);
    EXPECT_EQ(all.draw("b", 100)->next(), some.draw("b", 100)->next());
    EXPECT_EQ(some.taken(), std::vector<std::string>{"b"});
    EXPECT_EQ(split(join(all.taken())), (std::set<std::string>{"a", "b"}));
    EXPECT_TRUE(split("-").empty());
}

TEST(Simulation, TheSameSeedIsTheSameRun) {
    EdgesSeen edges;
    const Outcome first = simulate({11, std::nullopt}, edges);
    const Outcome second = simulate({11, std::nullopt}, edges);
    EXPECT_EQ(first.steps, second.steps);
    EXPECT_EQ(first.taken, second.taken);
}

TEST(Simulation, WhatWasOnceBrokenHolds) {
    std::ifstream file(DROVER_SIM "/regressions.txt");
    ASSERT_TRUE(file.good());
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') continue;
        std::istringstream words(line);
        std::uint64_t seed = 0;
        std::string only;
        ASSERT_TRUE(words >> seed >> only) << line;
        EdgesSeen edges;
        const Outcome outcome = simulate({seed, only == "*" ? Options::Only() : split(only)}, edges);
        EXPECT_EQ(outcome.promise, "") << line << "\n" << outcome.how;
    }
}

}  // namespace
}  // namespace drover::sim
