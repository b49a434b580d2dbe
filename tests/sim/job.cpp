#include "job.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/hash.hpp"

namespace drover::sim {
namespace {

void draw_policy(Random& random, wire::RestartPolicy& restart) {
    restart.attempts = static_cast<std::uint32_t>(random.below(4));
    restart.mode = restart.attempts > 0 && random.chance(40) ? wire::RestartMode::delay : wire::RestartMode::fail;
    restart.interval = random.chance(50) ? hours(1) : milliseconds(800);
    if (restart.mode == wire::RestartMode::delay) restart.interval = milliseconds(800);
    restart.delay = random.between(Duration{}, milliseconds(300));
}

void draw_ways(Options& options, const std::string& name, wire::TaskSpec& task) {
    if (auto random = options.draw(name + ".shutdown_delay", 20))
        task.shutdown_delay = random->between(milliseconds(1), milliseconds(300));
    if (options.draw(name + ".pre_kill", 15)) task.pre_kill = wire::Script{"drain", {}, milliseconds(400)};
    if (options.draw(name + ".probe", 30)) task.ready = wire::ReadyProbe{"ready", 0, milliseconds(10)};
}

void draw_mains(Options& options, Random& random, const wire::JobSpec& job, wire::GroupSpec& group) {
    for (const std::string name : {"a", "b", "c"}) {
        const std::string full = job.name + "." + name;
        if (name != "a" && !options.draw(full, 50)) continue;
        wire::TaskSpec task;
        task.name = name;
        task.driver = "mock";
        task.kill_timeout = random.between(milliseconds(50), milliseconds(600));
        if (auto on = options.draw(full + ".depends_on", group.tasks.empty() ? 0 : 30)) {
            const wire::TaskSpec& other = group.tasks[on->below(group.tasks.size())];
            const bool may_complete = job.type == wire::JobType::batch && !other.leader;
            task.depends_on[other.name] = static_cast<wire::Condition>(on->below(may_complete ? 4 : 2));
        }
        draw_ways(options, full, task);
        group.tasks.push_back(task);
    }
    if (auto leader = options.draw(job.name + ".leader", 40)) {
        wire::TaskSpec& task = group.tasks[leader->below(group.tasks.size())];
        const bool completes = std::any_of(group.tasks.begin(), group.tasks.end(), [&task](const auto& other) {
            const auto on = other.depends_on.find(task.name);
            return on != other.depends_on.end() && on->second >= wire::Condition::completed;
        });
        task.leader = !completes;
    }
}

void draw_others(Options& options, Random& random, const wire::JobSpec& job, wire::GroupSpec& group) {
    for (const std::string name : {"d", "e", "f"}) {
        const std::string full = job.name + "." + name;
        auto own = options.draw(full, 30);
        if (!own) continue;
        wire::TaskSpec task;
        task.name = name;
        task.driver = "mock";
        task.kill_timeout = random.between(milliseconds(50), milliseconds(600));
        task.lifecycle.hook = static_cast<wire::Hook>(1 + own->below(3));
        task.lifecycle.sidecar = task.lifecycle.hook != wire::Hook::poststop && own->chance(50);
        draw_ways(options, full, task);
        group.tasks.push_back(task);
    }
}

}  // namespace

wire::JobSpec draw_job(Options& options, std::uint64_t seed, const std::string& name) {
    Random random(stable_hash(name, seed + 1));
    wire::JobSpec job;
    job.name = name;
    job.type = random.chance(50) ? wire::JobType::service : wire::JobType::batch;
    wire::GroupSpec group;
    group.name = "group";
    group.count = options.draw(name + ".count", 20) ? 2 : 1;
    group.max_parallel = static_cast<std::uint32_t>(random.below(2));
    draw_policy(random, group.restart);
    draw_mains(options, random, job, group);
    draw_others(options, random, job, group);
    if (auto limit = options.draw(name + ".max_run_duration", 12))
        group.max_run_duration = limit->between(milliseconds(100), seconds(3));
    job.groups.push_back(group);
    return job;
}

const wire::TaskSpec& spec_of(const wire::GroupSpec& group, const std::string& task) {
    const auto at = std::find_if(group.tasks.begin(), group.tasks.end(),
                                 [&task](const wire::TaskSpec& one) { return one.name == task; });
    CHECK(at != group.tasks.end());
    return *at;
}

bool is_ephemeral(const wire::GroupSpec& group, const std::string& task) {
    const wire::Lifecycle& lifecycle = spec_of(group, task).lifecycle;
    if (lifecycle.hook != wire::Hook::main) return !lifecycle.sidecar;
    return std::any_of(group.tasks.begin(), group.tasks.end(), [&task](const wire::TaskSpec& other) {
        const auto on = other.depends_on.find(task);
        return on != other.depends_on.end() && on->second >= wire::Condition::completed;
    });
}

}  // namespace drover::sim
