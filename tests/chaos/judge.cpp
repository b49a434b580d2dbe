#include "judge.hpp"

#include <algorithm>
#include <set>

#include "integration/procfs.hpp"
#include "integration/wait.hpp"

namespace drover::chaos {
namespace {

using integration::eventually;
using integration::now;

constexpr Duration kRest = seconds(2);                 // promised
constexpr Duration kMove = seconds(5);                 // likewise
constexpr Duration kRestartDelay = milliseconds(375);  // at most, of work.cpp
constexpr Duration kPatience = seconds(60);

std::string key_of(const Json& alloc, const Json& task) { return alloc.value("id", "") + "." + task.value("name", ""); }

std::vector<pid_t> services_of(const Arena& arena) {
    std::vector<pid_t> all;
    for (const Replica& replica : arena.cluster().replicas()) all.push_back(arena.cluster().pid(replica));
    return all;
}

}  // namespace

Judge::Judge(Arena& arena)
    : arena_(arena), get_([&arena](const std::string& path) { return arena.cluster().get(path); }), listener_(get_) {}

void Judge::offend(const Sentences& sentences) {
    auto& all = arena_.ledger().offences;
    for (const std::string& sentence : sentences)
        if (std::find(all.begin(), all.end(), sentence) == all.end()) all.push_back(sentence);
}

// Why observed is not desired; empty: it is.
std::string Judge::objection() {
    arena_.tend();
    for (const Replica& replica : arena_.cluster().replicas())
        if (!arena_.cluster().ready(replica)) return replica.name() + " is not ready";
    const Json health = get_("/v1/health");
    if (!health.is_object()) return "the gateway does not answer";
    if (!health.value("ok", false)) return "not healthy: " + health.dump();
    const auto& replicas = arena_.cluster().replicas();
    const auto count = [&](Service service) {
        return static_cast<std::size_t>(std::count_if(
            replicas.begin(), replicas.end(), [service](const Replica& one) { return one.service == service; }));
    };
    if (health["alloc_runners"].size() != count(Service::alloc_runner)) return "not every alloc-runner has a lease";
    std::size_t nodes = 0;
    for (const Json& node : health["nodes"]) nodes += node["state"] == "ready" ? 1 : 0;
    if (nodes != count(Service::driver_manager)) return "not every node is ready";
    const Json allocs = get_("/v1/allocs");
    if (!allocs.is_object()) return "the gateway does not answer";
    return objection_to(allocs["allocs"], arena_.observer().living());
}

std::string Judge::objection_to(const Json& allocs, const Living& living) const {
    std::set<std::string> shown;
    std::size_t staying = 0;
    for (const Json& alloc : allocs) {
        for (const Json& task : alloc["tasks"]) {
            const std::string key = key_of(alloc, task);
            shown.insert(key);
            if (!runs_for_ever(key)) continue;
            const auto life = living.find(key);
            const std::string state = task["state"];
            if (state == "running" && life != living.end() && task["pid"] == life->second.pid) {
                ++staying;
                continue;
            }
            return "task " + key + " is shown as " + state + " with pid " + task["pid"].dump() + " and lives as " +
                   (life == living.end() ? "none" : std::to_string(life->second.pid));
        }
    }
    std::size_t wanted = 0;
    for (const JobText& job : arena_.jobs()) wanted += job.for_ever ? static_cast<std::size_t>(job.tasks) : 0;
    if (staying != wanted) return std::to_string(staying) + " of " + std::to_string(wanted) + " tasks are shown";
    for (const auto& [key, process] : living)
        if (!shown.contains(key)) return "task " + key + " lives and is not shown";
    return {};
}

void Judge::find_offences() {
    offend(arena_.observer().offences());
    const Truth truth = read_truth(arena_.truth_dir());
    offend(truth.offences);
    offend(find_harm(truth.lives, arena_.ledger().ends));
}

std::optional<Duration> Judge::await_rest() {
    const Instant began = now();
    const Share share(services_of(arena_));
    std::string why;
    const bool rests = eventually(
        [&] {
            why = objection();
            if (!why.empty()) last_missing_ = why;
            return why.empty();
        },
        kPatience);
    const Duration took = now() - began;
    if (!rests) {
        offend({"no rest within " + to_string(kPatience) + ": " + why + "\n" + arena_.cluster().logs()});
        return std::nullopt;
    }
    const Duration alone = share.without_others(took, services_of(arena_));
    if (alone > kRest)
        offend({"it took " + to_string(took) + " until observed was desired, " + to_string(alone) +
                " without what others took of the machine; last " + last_missing_});
    find_offences();
    return took;
}

void Judge::stop_everything() {
    const auto stop = [this](const std::string& job) {
        return eventually(
            [&] {
                arena_.tend();
                return arena_.cluster().drover({"job", "stop", "--detach", job}).code == 0;
            },
            kPatience);
    };
    for (const JobText& job : arena_.jobs())
        if (!stop(job.name)) offend({"job " + job.name + " cannot be stopped"});
    if (!eventually([this] { return arena_.observer().living().empty(); }, kPatience))
        offend({std::to_string(arena_.observer().living().size()) + " tasks live although their jobs are stopped"});
}

// Each short job that was accepted has told the end of both its tasks.
bool Judge::all_ended(const std::vector<Json>& log) const {
    std::map<std::string, int> ended;
    for (const Json& event : log) {
        const std::string type = event.value("type", "");
        if (type == "Not Restarting" || (type == "Terminated" && event["details"].value("exit_code", "") == "0"))
            ++ended[event.value("job", "")];
    }
    return std::all_of(arena_.ledger().accepted.begin(), arena_.ledger().accepted.end(),
                       [&](const std::string& job) { return ended[job] == 2; });
}

void Judge::close() {
    arena_.await_submits();
    std::vector<Json> log;
    const auto read = [&] {
        log.clear();
        std::uint64_t number = 0;
        return read_events(get_, number, log);
    };
    if (!eventually([&] { return read() && all_ended(log); }, kPatience))
        offend({"a short job that was accepted has not told its end"});
    stop_everything();
    // The last events may still be on their way.
    Sentences wrong;
    const Lives lives = read_truth(arena_.truth_dir()).lives;
    eventually(
        [&] {
            if (!read()) return false;
            totals_ = {.lives = lives.size(), .exits = 0, .events = log.size()};
            wrong = compare_exits(lives, arena_.ledger().ends, log, totals_.exits);
            for (const Sentences& more : {check_log(log), compare_logs(listener_.events(), log)})
                wrong.insert(wrong.end(), more.begin(), more.end());
            return wrong.empty();
        },
        seconds(20));
    offend(wrong);
    for (const auto& [task, all] : lives)
        if (runs_once(task) && all.size() > 1) offend({"batch task " + task + " has run more than once"});
    find_offences();
}

std::optional<Duration> end_one_of_each_job(Arena& arena, const std::function<void()>& trouble) {
    std::map<std::string, std::string> victims;  // by job
    const Json allocs = arena.cluster().get("/v1/allocs");
    const Living before = arena.observer().living();
    if (!allocs.is_object()) return std::nullopt;
    for (const Json& alloc : allocs["allocs"]) {
        const std::string key = key_of(alloc, alloc["tasks"][0]);
        if (runs_for_ever(key) && before.contains(key)) victims.emplace(alloc.value("job", ""), key);
    }
    const Instant began = now();
    trouble();
    for (const auto& [job, task] : victims) arena.kill_task(task, before.at(task));
    Living after;
    const bool moved = eventually(
        [&] {
            arena.tend();
            after = arena.observer().living();
            return std::all_of(victims.begin(), victims.end(), [&](const auto& victim) {
                const auto life = after.find(victim.second);
                return life != after.end() && life->second != before.at(victim.second);
            });
        },
        seconds(30));
    const Duration took = now() - began;
    std::set<std::string> ended;
    for (const auto& [job, task] : victims) ended.insert(task);
    for (const auto& [task, process] : before) {
        if (!runs_for_ever(task) || ended.contains(task)) continue;
        const auto life = after.find(task);
        if (life == after.end() || life->second != process)
            arena.ledger().offences.push_back("task " + task + " did not survive the trouble of an alloc-runner");
    }
    if (!moved) return std::nullopt;
    return took;
}

std::optional<Duration> hand_over(Arena& arena, Fault fault, int runner) {
    const Share share(services_of(arena));
    const auto took = end_one_of_each_job(arena, [&] { arena.trouble(fault, {Service::alloc_runner, runner}); });
    if (!took) return std::nullopt;
    const Duration alone = share.without_others(*took, services_of(arena));
    if (alone > kMove + kRestartDelay)
        arena.ledger().offences.push_back("jobs of a troubled alloc-runner moved only after " + to_string(*took));
    return took;
}

}  // namespace drover::chaos
