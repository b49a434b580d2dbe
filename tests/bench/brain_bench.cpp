// From the bytes of an observation to the bytes of the command that follows from it, in an alloc-runner that owns a
// thousand running tasks: one of them ends, is reported, and is told to run again at once.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "alloc-runner/core/brain.hpp"
#include "base/check.hpp"
#include "wire/codec.hpp"

namespace drover::alloc_runner {
namespace {

class Owner {
   public:
    explicit Owner(std::uint32_t tasks) {
        wire::Members members;
        members.generation = 1;
        members.alloc_runners = {{"ar-0", "boot"}};
        wire::JobDesired job;
        job.uid = "uid";
        job.version = 1;
        job.spec.name = "web";
        wire::GroupSpec group;
        group.name = "front";
        group.count = tasks;
        group.restart.attempts = 1'000'000'000;
        group.restart.delay = {};
        wire::TaskSpec task;
        task.name = "server";
        task.driver = "mock";
        group.tasks.push_back(task);
        job.spec.groups.push_back(group);
        wire::NodeStatus node;
        node.node.id = "n1";
        node.node.cpu = 1e6;
        node.node.memory = std::uint64_t{1} << 50;
        node.node.drivers["mock"] = {true, true, ""};
        brain_.state_reset();
        brain_.hear(members);
        brain_.hear(job);
        brain_.hear(node);
        brain_.state_complete();
        brain_.state_current(now_);
        for (const auto& [id, proposal] : settle().proposals) {
            ids_.push_back(id);
            brain_.hear(*proposal);
        }
        CHECK(ids_.size() == tasks);
        brain_.inventory_reset("n1");
        brain_.inventory_complete("n1");
        record(settle());
        seqs_.assign(tasks, 1);
        for (std::size_t i = 0; i < tasks; ++i) observe(i, wire::RunPhase::running);
    }

    // The time it took, in microseconds.
    double end_one(std::size_t i) {
        const std::string bytes = wire::encode(observed(i, wire::RunPhase::exited));
        const auto began = std::chrono::steady_clock::now();
        brain_.hear("n1", wire::decode<wire::TaskObserved>(bytes).value());
        Statements said = settle();
        std::string out;
        for (const auto& [key, command] : said.commands) out += wire::encode(command.value());
        for (const auto& [id, report] : said.reports) out += wire::encode(report.value());
        const double took = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count();
        CHECK(said.commands.size() == 1 && said.commands.begin()->second->seq == seqs_[i] + 1);
        record(said);
        ++seqs_[i];
        observe(i, wire::RunPhase::running);
        return took;
    }

    std::size_t size() const { return ids_.size(); }

   private:
    Statements settle() {
        now_ = now_ + milliseconds(1);
        brain_.state_current(now_);
        return brain_.settle(now_);
    }

    // As the store records it.
    void record(const Statements& said) {
        for (const auto& [id, report] : said.reports)
            if (report && report->status) brain_.hear(*report->status);
        settle();
    }

    void observe(std::size_t i, wire::RunPhase phase) {
        brain_.hear("n1", observed(i, phase));
        record(settle());
    }

    wire::TaskObserved observed(std::size_t i, wire::RunPhase phase) const {
        wire::TaskObserved task;
        task.alloc = ids_[i];
        task.task = "server";
        task.term = 1;
        wire::IncarnationObserved one;
        one.seq = seqs_[i];
        one.phase = phase;
        one.pid = 4711;
        one.started_at = now_;
        if (phase == wire::RunPhase::exited) one.finished_at = now_, one.exit.code = 1;
        task.incarnations.push_back(one);
        return task;
    }

    Instant now_{1'790'000'000'000'000'000};
    Brain brain_{BrainRules{.id = "ar-0", .boot = "boot"}};
    std::vector<std::string> ids_;
    std::vector<std::uint64_t> seqs_;
};

void observation_to_command(benchmark::State& state) {
    Owner owner(static_cast<std::uint32_t>(state.range(0)));
    std::vector<double> times;
    for (auto _ : state) times.push_back(owner.end_one(times.size() % owner.size()));
    std::sort(times.begin(), times.end());
    state.counters["p50_us"] = times[times.size() / 2];
    state.counters["p99_us"] = times[times.size() * 99 / 100];
}
BENCHMARK(observation_to_command)->Arg(1)->Arg(1000)->Iterations(5000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace drover::alloc_runner
