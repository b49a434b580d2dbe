#include "simulation.hpp"

#include <algorithm>
#include <memory>

#include "node.hpp"
#include "runner.hpp"
#include "store.hpp"

namespace drover::sim {
namespace {

constexpr Duration kBeat = milliseconds(700);
constexpr Duration kTrouble = seconds(4);  // faults end here
constexpr Duration kCalm = seconds(30);    // and by then all is well again
constexpr const char* kSignals[] = {"SIGHUP", "SIGUSR1"};

class Simulation {
   public:
    Simulation(std::uint64_t seed, bool trace, EdgesSeen& edges)
        : world_(seed, trace), history_(world_), store_(world_, history_), node_(world_, history_, manners_) {
        const std::size_t runners = world_.random.chance(40) ? 2 : 1;
        for (std::size_t i = 0; i < runners; ++i) {
            runners_.push_back(std::make_unique<Runner>(world_, "ar-" + std::to_string(i), edges));
            cut_.push_back(false);
        }
        draw();
        connect();
    }

    void run() {
        store_.start();
        node_.start();
        for (auto& runner : runners_) runner->start();
        beat();
        world_.after(milliseconds(5), [this] { submit(); });
        schedule_faults();
        schedule_node_trouble();
        schedule_users();
        world_.run_until(begin_ + kTrouble);
        make_calm();
        while (world_.now() < begin_ + kTrouble + kCalm) {
            world_.run_until(world_.now() + kBeat);
            if (trouble().empty()) break;
        }
        if (const std::string left = trouble(); !left.empty()) world_.violate("not settled: " + left);
        world_.run_until(world_.now() + kBeat * 2);
        if (const std::string left = trouble(); !left.empty()) world_.violate("not settled for good: " + left);
        history_.check_complete();
    }

    World& world() { return world_; }

   private:
    void draw();
    void draw_tasks(wire::GroupSpec& group);
    const wire::TaskSpec& spec_of(const std::string& task) const;
    bool is_ephemeral(const std::string& task) const;
    void check_gates(const driver_manager::TaskKey& key);
    void connect();
    void beat();
    void submit();
    void schedule_faults();
    void schedule_node_trouble();
    void schedule_users();
    void act_as_user();
    void outage(const std::function<void()>& down, const std::function<void()>& up);
    void make_calm();
    std::string trouble() const;
    std::string trouble_with(const std::string& alloc) const;
    bool waits_for_the_end(const wire::AllocStatus& status, const std::string& name) const;
    std::string any_alloc();

    World world_;
    Manners manners_;
    History history_;
    Store store_;
    Node node_;
    std::vector<std::unique_ptr<Runner>> runners_;
    std::vector<bool> cut_;  // runner and store do not hear each other
    wire::JobSpec spec_;
    std::uint64_t signal_ = 0;
    bool trouble_over_ = false;
    Instant begin_ = world_.now();
};

void Simulation::draw() {
    Random& random = world_.random;
    spec_.name = "job" + std::to_string(random.below(8));
    spec_.type = random.chance(50) ? wire::JobType::service : wire::JobType::batch;
    wire::GroupSpec group;
    group.name = "group";
    group.count = random.chance(15) ? 2 : 1;
    group.max_parallel = static_cast<std::uint32_t>(random.below(2));
    group.restart.attempts = static_cast<std::uint32_t>(random.below(4));
    group.restart.mode =
        group.restart.attempts > 0 && random.chance(40) ? wire::RestartMode::delay : wire::RestartMode::fail;
    group.restart.interval = random.chance(50) ? hours(1) : milliseconds(800);
    if (group.restart.mode == wire::RestartMode::delay) group.restart.interval = milliseconds(800);
    group.restart.delay = random.between(Duration{}, milliseconds(300));
    draw_tasks(group);
    spec_.groups.push_back(group);
    if (random.chance(50)) manners_ = {2, 20, 20, 60, 10, 2, 3, milliseconds(20), milliseconds(4000)};
    world_.loss = random.chance(60) ? random.below(30) : 0;
    world_.duplication = random.below(20);
    world_.delay_max = random.chance(30) ? milliseconds(150) : milliseconds(2);
}

void Simulation::draw_tasks(wire::GroupSpec& group) {
    Random& random = world_.random;
    const std::size_t mains = 1 + random.below(3);
    const std::size_t others = random.chance(50) ? 0 : random.below(4);
    const std::size_t leader = random.chance(40) ? random.below(mains) : mains;
    for (std::size_t i = 0; i < mains + others; ++i) {
        wire::TaskSpec task;
        task.name = std::string(1, static_cast<char>('a' + i));
        task.driver = "mock";
        task.leader = i == leader;
        task.kill_timeout = random.between(milliseconds(50), milliseconds(600));
        if (random.chance(20)) task.shutdown_delay = random.between(milliseconds(1), milliseconds(300));
        if (random.chance(15)) task.pre_kill = wire::Script{"drain", {}, milliseconds(400)};
        if (random.chance(30)) task.ready = wire::ReadyProbe{"ready", 0, milliseconds(10)};
        if (i >= mains) {
            task.lifecycle.hook = static_cast<wire::Hook>(1 + random.below(3));
            task.lifecycle.sidecar = task.lifecycle.hook != wire::Hook::poststop && random.chance(50);
        } else if (i > 0 && random.chance(30)) {
            const wire::TaskSpec& other = group.tasks[random.below(i)];
            const bool may_complete = spec_.type == wire::JobType::batch && !other.leader;
            task.depends_on[other.name] = static_cast<wire::Condition>(random.below(may_complete ? 4 : 2));
        }
        group.tasks.push_back(task);
    }
    if (random.chance(5)) group.max_run_duration = random.between(milliseconds(100), seconds(3));
}

const wire::TaskSpec& Simulation::spec_of(const std::string& task) const {
    for (const wire::TaskSpec& spec : spec_.groups[0].tasks)
        if (spec.name == task) return spec;
    return spec_.groups[0].tasks[0];
}

bool Simulation::is_ephemeral(const std::string& task) const {
    const wire::Lifecycle& lifecycle = spec_of(task).lifecycle;
    if (lifecycle.hook != wire::Hook::main) return !lifecycle.sidecar;
    for (const wire::TaskSpec& spec : spec_.groups[0].tasks) {
        const auto on = spec.depends_on.find(task);
        if (on != spec.depends_on.end() && on->second >= wire::Condition::completed) return true;
    }
    return false;
}

// What the lifecycle and the dependencies promise about the moment a process is launched, against what has happened.
void Simulation::check_gates(const driver_manager::TaskKey& key) {
    const auto ran = [](const Truth& truth) { return truth.ran; };
    const auto succeeded = [](const Truth& truth) { return truth.ran && truth.ended && truth.exit.successful(); };
    const wire::TaskSpec& spec = spec_of(key.task);
    for (const wire::TaskSpec& other : spec_.groups[0].tasks) {
        const TaskKey that{key.alloc, other.name};
        const bool up = history_.any(that, ran);
        const bool done = history_.any(that, succeeded);
        const wire::Hook hook = other.lifecycle.hook;
        bool open = true;
        if (spec.lifecycle.hook == wire::Hook::main && hook == wire::Hook::prestart)
            open = other.lifecycle.sidecar ? up : done;
        if (spec.lifecycle.hook == wire::Hook::poststart && hook == wire::Hook::main) open = up;
        if (spec.lifecycle.hook == wire::Hook::poststop && hook != wire::Hook::poststop)
            open = node_.live({key.alloc, other.name}) == 0;
        const auto on = spec.depends_on.find(other.name);
        if (on != spec.depends_on.end()) {
            if (on->second <= wire::Condition::ready) open = open && up;
            if (on->second == wire::Condition::completed) open = open && node_.live({key.alloc, other.name}) == 0;
            if (on->second == wire::Condition::completed_ok) open = open && done;
        }
        if (!open)
            world_.violate("task " + key.task + " is launched before its gate, task " + other.name + ", is open");
    }
}

void Simulation::connect() {
    store_.publish = [this](const Mail& mail) {
        for (std::size_t i = 0; i < runners_.size(); ++i)
            if (!cut_[i]) world_.send(mail, runners_[i]->state_ear);
    };
    node_.publish = [this](const Mail& mail) {
        for (auto& runner : runners_) world_.send(mail, runner->node_ear);
    };
    for (std::size_t i = 0; i < runners_.size(); ++i) {
        runners_[i]->publish_commands = [this](const Mail& mail) { world_.send(mail, node_); };
        runners_[i]->publish_reports = [this, i](const Mail& mail) {
            if (!cut_[i]) world_.send(mail, store_);
        };
    }
    node_.is_ephemeral = [this](const driver_manager::TaskKey& key) { return is_ephemeral(key.task); };
    node_.on_launch = [this](const driver_manager::TaskKey& key, std::uint64_t) {
        check_gates(key);
        const wire::AllocStatus* status = store_.status(key.alloc);
        if (!status) return;
        const wire::AllocOrder* order = store_.order_of(key.alloc);
        for (const wire::TaskStatus& task : status->tasks)
            if (task.name == key.task && task.state == wire::TaskState::dead &&
                !(order && order->restart_all > task.restart_all_order))
                world_.violate("a task that was recorded dead starts again: " + key.task);
    };
}

// Everybody repeats what they stand for.
void Simulation::beat() {
    store_.repeat();
    node_.repeat();
    for (auto& runner : runners_) runner->repeat();
    world_.after(kBeat, [this] { beat(); });
}

void Simulation::submit() {
    if (!store_.submit(spec_)) world_.after(milliseconds(50), [this] { submit(); });
}

void Simulation::outage(const std::function<void()>& down, const std::function<void()>& up) {
    Random& random = world_.random;
    world_.after(random.between(Duration{}, kTrouble), [this, down, up] {
        if (trouble_over_) return;
        down();
        world_.after(world_.random.between(milliseconds(1), milliseconds(1500)), up);
    });
}

void Simulation::schedule_faults() {
    Random& random = world_.random;
    for (std::uint64_t n = random.below(3); n > 0; --n)
        outage(
            [this] {
                if (store_.up()) store_.crash();
            },
            [this] {
                if (!store_.up()) store_.start();
            });
    for (std::uint64_t n = random.below(4); n > 0; --n)
        outage(
            [this] {
                if (node_.up()) node_.crash();
            },
            [this] {
                if (!node_.up()) node_.start();
            });
    for (std::size_t i = 0; i < runners_.size(); ++i) {
        Runner* runner = runners_[i].get();
        for (std::uint64_t n = random.below(4); n > 0; --n)
            outage(
                [this, runner] {
                    if (runner->up()) world_.random.chance(25) ? runner->leave() : runner->crash();
                },
                [runner] {
                    if (!runner->up()) runner->start();
                });
        if (random.chance(25)) outage([this, i] { cut_[i] = true; }, [this, i] { cut_[i] = false; });
    }
}

// Away as placement sees it.
void Simulation::schedule_node_trouble() {
    for (std::uint64_t n = world_.random.below(3); n > 0; --n)
        outage(
            [this] {
                if (store_.up()) store_.set_node(false);
            },
            [this] {
                if (store_.up()) store_.set_node(true);
            });
    if (!world_.random.chance(10)) return;
    store_.set_node(false);
    world_.after(world_.random.between(milliseconds(20), seconds(2)), [this] { store_.set_node(true); });
}

void Simulation::schedule_users() {
    for (std::uint64_t n = world_.random.below(4); n > 0; --n)
        world_.after(world_.random.between(milliseconds(20), kTrouble), [this] { act_as_user(); });
}

std::string Simulation::any_alloc() {
    const std::vector<std::string>& all = store_.allocs();
    return all.empty() ? "" : all[world_.random.below(all.size())];
}

void Simulation::act_as_user() {
    Random& random = world_.random;
    const std::string alloc = any_alloc();
    const std::string task = spec_.groups[0].tasks[random.below(spec_.groups[0].tasks.size())].name;
    switch (random.below(8)) {
        case 0:
            world_.trace("user     stops the job");
            store_.stop_job(random.chance(30));
            break;
        case 1:
            world_.trace("user     submits the job again");
            if (random.chance(50)) spec_.groups[0].tasks[0].env["VERSION"] = std::to_string(world_.steps);
            if (random.chance(20)) spec_.groups[0].count = static_cast<std::uint32_t>(random.below(3));
            submit();
            break;
        case 2:
            world_.trace("user     stops alloc " + alloc.substr(0, 4));
            store_.order(alloc, [&random](wire::AllocOrder& order) {
                order.stop = true;
                order.no_shutdown_delay |= random.chance(30);
            });
            break;
        case 3:
        case 4:
            world_.trace("user     restarts " + task);
            store_.order(alloc, [&](wire::AllocOrder& order) {
                ++order.restarts[task];
                if (random.chance(30)) ++order.hurries[task];
            });
            break;
        case 6:
            world_.trace("user     puts a variable");
            node_.change_templates(static_cast<wire::ChangeMode>(random.below(4)));
            break;
        case 5:
            world_.trace("user     restarts all of alloc " + alloc.substr(0, 4));
            store_.order(alloc, [](wire::AllocOrder& order) { ++order.restart_all; });
            break;
        default:
            world_.trace("user     signals " + task);
            store_.order(alloc, [&](wire::AllocOrder& order) {
                order.signals.push_back({++signal_, task, kSignals[signal_ % 2]});
            });
    }
}

void Simulation::make_calm() {
    world_.trace("         calm");
    trouble_over_ = true;
    node_.calm();
    world_.loss = 0;
    world_.duplication = 0;
    world_.partial = 0;
    world_.delay_max = milliseconds(2);
    for (std::size_t i = 0; i < cut_.size(); ++i) cut_[i] = false;
    if (!store_.up()) store_.start();
    store_.set_node(true);
    if (!node_.up()) node_.start();
    for (auto& runner : runners_)
        if (!runner->up()) runner->start();
}

// What is not yet as it should be; empty when observed = desired and the store knows it all.
std::string Simulation::trouble() const {
    const wire::JobDesired* job = store_.job();
    if (!job) return "the job was never recorded";
    for (const auto& runner : runners_)
        if (runner->has_unconfirmed()) return runner->id() + " has something unconfirmed";
    std::map<std::uint32_t, int> running;
    for (const std::string& id : store_.allocs()) {
        if (std::string left = trouble_with(id); !left.empty()) return left;
        const wire::AllocDesired& alloc = *store_.alloc(id);
        if (alloc.desired == wire::Desired::run) ++running[alloc.index];
    }
    const std::size_t wanted = job->stopped ? 0 : job->spec.groups[0].count;
    if (running.size() != wanted) return "the job has " + std::to_string(running.size()) + " allocs";
    for (const auto& [index, count] : running)
        if (count != 1) return "index " + std::to_string(index) + " has " + std::to_string(count) + " allocs";
    return {};
}

// A poststop task, while others still have something to do.
bool Simulation::waits_for_the_end(const wire::AllocStatus& status, const std::string& name) const {
    if (spec_of(name).lifecycle.hook != wire::Hook::poststop) return false;
    return std::any_of(status.tasks.begin(), status.tasks.end(), [this](const wire::TaskStatus& task) {
        return spec_of(task.name).lifecycle.hook != wire::Hook::poststop && task.phase != wire::TaskPhase::dead;
    });
}

std::string Simulation::trouble_with(const std::string& id) const {
    const wire::AllocDesired& alloc = *store_.alloc(id);
    const wire::AllocStatus* status = store_.status(id);
    if (!status) return "alloc " + id + " has no status";
    const wire::AllocOrder* order = store_.order_of(id);
    const bool stop = alloc.desired == wire::Desired::stop || (order && order->stop);
    for (const wire::TaskStatus& task : status->tasks) {
        const driver_manager::TaskKey key{id, task.name};
        const std::string name = id.substr(0, 4) + "/" + task.name + " is " + std::string(to_string(task.phase));
        const std::size_t live = node_.live(key);
        if (alloc.group.max_run_duration.ns > 0 && task.phase != wire::TaskPhase::dead) return name + ", not for long";
        if (task.phase == wire::TaskPhase::dead) {
            if (live != 0) return name + " but lives";
        } else if (task.phase == wire::TaskPhase::running && !stop) {
            const wire::IncarnationObserved* run = node_.incarnation(key, task.seq);
            if (!run || run->phase != wire::RunPhase::running || run->pid != task.pid)
                return name + " but does not run";
            if (task.state != wire::TaskState::running) return name + " and its state is not";
        } else if (task.state == wire::TaskState::pending && !stop && waits_for_the_end(*status, task.name)) {
            continue;
        } else {
            return name;
        }
    }
    return {};
}

}  // namespace

Outcome simulate(std::uint64_t seed, bool trace, EdgesSeen& edges) {
    Simulation simulation(seed, trace, edges);
    Outcome outcome;
    try {
        simulation.run();
    } catch (const Violation& violation) {
        outcome.violation = violation.what;
    }
    outcome.steps = simulation.world().steps;
    return outcome;
}

}  // namespace drover::sim
