// Random commands of several owners, late, repeated and out of order, against a model of the node whose disk survives
// restarts of the driver-manager.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "driver-manager/core/inventory.hpp"
#include "driver-manager/core/phases.hpp"

namespace drover::driver_manager {
namespace {

using wire::RunPhase;

class Node {
   public:
    explicit Node(std::uint64_t seed) : random_(seed) {}

    void step() {
        const std::uint64_t dice = pick(100);
        if (dice < 45)
            hear(invent());
        else if (dice < 55 && !said_.empty())
            hear(said_[pick(said_.size())]);
        else if (dice < 97)
            progress();
        else
            restart();
        check();
    }

    // Lets everything that may end, end; then nothing may be left to do.
    void settle() {
        for (auto& [key, disk] : disks_)
            for (int round = 0; round < 4; ++round)
                for (auto& [seq, seen] : std::map(disk.runs))
                    if (is_live(seen.phase)) end(key, seq);
        for (const auto& [key, disk] : disks_)
            for (const auto& [seq, seen] : disk.runs) EXPECT_FALSE(is_live(seen.phase)) << "seq " << seq;
    }

   private:
    struct Disk {
        std::uint64_t floor = 0;
        std::map<std::uint64_t, wire::IncarnationObserved> runs;
        std::set<std::uint64_t> launched;  // ever
        std::uint64_t stopped = 0;         // highest seq that an accepted stop has named
        bool forgotten = false;            // its files are gone, so a restart forgets its past too
    };

    std::uint64_t pick(std::uint64_t n) { return random_() % n; }

    TaskKey some_task() { return {"a" + std::to_string(pick(2)), "t" + std::to_string(pick(2))}; }

    wire::TaskCommand invent() {
        const TaskKey key = some_task();
        wire::TaskCommand command;
        command.alloc = key.alloc;
        command.task = key.task;
        term_ += pick(20) == 0 ? 1 : 0;
        command.term = pick(5) == 0 ? pick(term_ + 1) : term_;
        command.verb = std::array{wire::Verb::run, wire::Verb::run, wire::Verb::stop,
                                  wire::Verb::destroy}[pick(pick(20) == 0 ? 4 : 3)];
        const Disk& disk = disks_[key];
        const std::uint64_t newest = disk.launched.empty() ? 0 : *disk.launched.rbegin();
        command.seq = 1 + newest + pick(3) - std::min<std::uint64_t>(newest, pick(3));
        command.incarnation = "i" + std::to_string(command.seq);
        command.released = pick(2) == 0 ? pick(command.seq) : 0;
        for (std::uint64_t i = pick(3); i > 0; --i) command.signals.push_back({++order_, key.task, "SIGHUP"});
        return command;
    }

    void hear(const wire::TaskCommand command) {
        const TaskKey key{command.alloc, command.task};
        if (said_.size() < 200) said_.push_back(command);
        if (!inventory_.knows(key)) inventory_.adopt(key, disks_[key].floor, {});
        const Decision decision = inventory_.command(command);
        if (!decision.refused.empty()) {
            EXPECT_TRUE(decision.actions.empty());
            EXPECT_TRUE(decision.changed.empty());
            return;
        }
        EXPECT_GE(command.term, fence_) << "an old owner was obeyed";
        apply(decision);
        if (command.verb != wire::Verb::run) disks_[key].stopped = std::max(disks_[key].stopped, command.seq);
        EXPECT_TRUE(inventory_.command(command).actions.empty()) << "a repeated command asked for something new";
    }

    void apply(const Decision& decision) {
        for (const Action& action : decision.actions) {
            Disk& disk = disks_[action.key];
            const auto run = disk.runs.find(action.seq);
            switch (action.kind) {
                case Action::Kind::launch: launch(disk, action); break;
                case Action::Kind::stop:
                    ASSERT_TRUE(run != disk.runs.end() && is_live(run->second.phase));
                    EXPECT_GE(disk.floor, action.seq) << "stopped before the floor was durable";
                    break;
                case Action::Kind::signal:
                    ASSERT_TRUE(run != disk.runs.end() && run->second.phase == RunPhase::running);
                    EXPECT_LT(run->second.signals_applied, action.order) << "signalled twice";
                    EXPECT_TRUE(signalled_.insert(action.order).second) << "signalled twice";
                    run->second.signals_applied = action.order;
                    break;
                case Action::Kind::pre_kill:
                case Action::Kind::probe:
                    ASSERT_TRUE(run != disk.runs.end() && run->second.phase == RunPhase::running);
                    break;
                case Action::Kind::release:
                    ASSERT_TRUE(run != disk.runs.end() && !is_live(run->second.phase));
                    EXPECT_GE(disk.floor, action.seq) << "released before the floor was durable";
                    disk.runs.erase(run);
                    break;
                case Action::Kind::set_floor:
                    EXPECT_GT(action.seq, disk.floor);
                    disk.floor = action.seq;
                    break;
                case Action::Kind::set_fence:
                    EXPECT_GE(action.seq, fence_);
                    fence_ = action.seq;
                    break;
                case Action::Kind::recall: break;
                case Action::Kind::destroy:
                    EXPECT_TRUE(disk.runs.empty());
                    disk.floor = 0;
                    disk.forgotten = true;
                    break;
            }
        }
    }

    void launch(Disk& disk, const Action& action) {
        EXPECT_GT(action.seq, disk.floor);
        EXPECT_GT(action.seq, disk.stopped) << "a stopped incarnation started";
        EXPECT_TRUE(disk.launched.insert(action.seq).second) << "an incarnation started twice";
        for (const auto& [seq, seen] : disk.runs) EXPECT_FALSE(is_live(seen.phase)) << "two live incarnations";
        disk.runs[action.seq].seq = action.seq;
        disk.runs[action.seq].id = action.id;
        disk.forgotten = false;
    }

    void progress() {
        const TaskKey key = some_task();
        for (auto& [seq, seen] : disks_[key].runs) {
            if (!is_live(seen.phase)) continue;
            if (seen.phase == RunPhase::starting && pick(2) == 0) {
                seen.phase = RunPhase::running;
                apply(inventory_.report(key, seen));
            } else {
                end(key, seq);
            }
            return;
        }
    }

    void end(const TaskKey& key, std::uint64_t seq) {
        wire::IncarnationObserved& seen = disks_[key].runs[seq];
        const bool fails = seen.phase == RunPhase::starting && pick(2) == 0;
        seen.phase = fails ? RunPhase::start_failed : RunPhase::exited;
        apply(inventory_.report(key, wire::IncarnationObserved(seen)));
    }

    void restart() {
        inventory_ = Inventory();
        inventory_.adopt(fence_);
        // What was applied to incarnations that are gone is the owner's to remember.
        signalled_.clear();
        for (auto& [key, disk] : disks_) {
            if (disk.forgotten) disk = Disk();
            std::vector<wire::IncarnationObserved> found;
            for (const auto& [seq, seen] : disk.runs) found.push_back(seen);
            if (!found.empty()) inventory_.adopt(key, disk.floor, found);
        }
    }

    void check() {
        for (const auto& [key, disk] : disks_) {
            std::size_t live = 0;
            const auto observed = inventory_.observed(key);
            for (const auto& [seq, seen] : disk.runs) {
                live += is_live(seen.phase) ? 1 : 0;
                ASSERT_TRUE(observed.has_value());
                const auto& all = observed->incarnations;
                EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&, n = seq](const auto& one) { return one.seq == n; }))
                    << "an incarnation on disk is not reported";
            }
            EXPECT_LE(live, 1u);
            EXPECT_LE(observed ? observed->incarnations.size() : 0, Inventory::kMaxEnded + 2);
        }
    }

    std::mt19937_64 random_;
    Inventory inventory_;
    std::map<TaskKey, Disk> disks_;
    std::vector<wire::TaskCommand> said_;
    std::set<std::uint64_t> signalled_;
    std::uint64_t term_ = 1;
    std::uint64_t fence_ = 0;
    std::uint64_t order_ = 0;
};

TEST(InventoryRandom, NeverHasTwoLiveIncarnationsAndNeverStartsAStoppedOne) {
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        Node node(seed);
        for (int i = 0; i < 150; ++i) node.step();
        node.settle();
        ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace drover::driver_manager
