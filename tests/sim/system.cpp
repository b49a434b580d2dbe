#include "system.hpp"

#include <algorithm>

#include "job.hpp"

namespace drover::sim {

System::System(std::uint64_t seed, Options::Only only, bool trace, EdgesSeen& edges)
    : world(seed, trace),
      options(seed, std::move(only)),
      history(world),
      store(world, history),
      work(world),
      edges_(edges) {
    draw(seed);
    connect_store();
    for (auto& node : nodes) connect(*node);
    for (std::size_t i = 0; i < runners.size(); ++i) connect(i);
}

void System::draw(std::uint64_t seed) {
    const std::size_t runner_count = options.draw("second-runner", 40) ? 2 : 1;
    for (std::size_t i = 0; i < runner_count; ++i) {
        runners.push_back(std::make_unique<Runner>(world, "ar-" + std::to_string(i), edges_));
        cut.push_back(false);
    }
    const std::size_t node_count = options.draw("second-node", 40) ? 2 : 1;
    for (std::size_t i = 0; i < node_count; ++i)
        nodes.push_back(std::make_unique<Node>(world, history, manners, "n" + std::to_string(i)));
    for (const std::string name : {"one", "two"})
        if (name == "one" || options.draw("second-job", 15)) jobs.push_back(draw_job(options, seed, name));
    if (options.draw("gentle", 50)) manners = {2, 20, 20, 60, 10, 2, 3, milliseconds(20), milliseconds(4000)};
    if (auto random = options.draw("loss", 60)) world.loss = random->below(30);
    if (auto random = options.draw("duplication", 90)) world.duplication = random->below(20);
    if (options.draw("slow", 30)) world.delay_max = milliseconds(150);
    world.partial = options.draw("partial", 60) ? 10 : 0;
    if (auto random = options.draw("collecting", 30)) {
        store.rules.emplace();
        store.rules->max_age = store.rules->failed_max_age = random->between(Duration{}, seconds(1));
    }
}

void System::start() {
    store.start();
    for (auto& node : nodes) {
        store.set_node(node->id(), true);
        node->start();
    }
    for (auto& runner : runners) runner->start();
    disturb();
    beat();
    watch_deadlines();
    for (std::size_t i = 0; i < jobs.size(); ++i) world.after(milliseconds(5), [this, i] { submit(i); });
}

void System::connect_store() {
    store.publish = [this](const Mail& mail) {
        for (std::size_t i = 0; i < runners.size(); ++i)
            if (!cut[i]) world.send(mail, runners[i]->state_ear);
    };
    store.on_members = [this] { disturb(); };
    store.on_removed = [this](const std::string& alloc) {
        removed.insert(alloc);
        deadlines.forget(alloc);
    };
    store.on_alloc = [this](const wire::AllocDesired& alloc) {
        if (removed.contains(alloc.id)) world.violate("a removed alloc is not recorded again", alloc.id);
        const bool begins = lost.erase(alloc.id) == 0;
        if (const wire::JobDesired* job = store.job(alloc.job); begins && job) work.begin(alloc, *job);
    };
    store.on_status = [this](const wire::AllocStatus& status) {
        deadlines.hear(status, world.now());
        if (const wire::JobDesired* job = store.job(status.job)) work.hear(*store.alloc(status.id), status, *job);
    };
}

void System::connect(Node& node) {
    node.publish = [this](const Mail& mail) {
        for (auto& runner : runners) world.send(mail, runner->node_ear);
    };
    node.is_ephemeral = [this](const driver_manager::TaskKey& key) {
        const wire::AllocDesired* alloc = store.alloc(key.alloc);
        if (const auto gone = lost.find(key.alloc); gone != lost.end()) alloc = &gone->second;
        return alloc && is_ephemeral(alloc->group, key.task);
    };
    node.on_launch = [this](const driver_manager::TaskKey& key, std::uint64_t) { check_launch(key); };
    node.on_destroy = [this](const driver_manager::TaskKey& key) {
        if (store.alloc(key.alloc)) world.violate("only what the store has removed is destroyed", key.task);
        if (lost.contains(key.alloc)) world.violate("what the store has lost is not destroyed", key.task);
    };
}

void System::connect(std::size_t i) {
    runners[i]->publish_commands = [this](const std::string& id, const Mail& mail) {
        for (auto& node : nodes)
            if (node->id() == id) world.send(mail, *node);
    };
    runners[i]->publish_reports = [this, i](const Mail& mail) {
        if (!cut[i]) world.send(mail, store);
    };
}

std::size_t System::live(const driver_manager::TaskKey& key) const {
    std::size_t count = 0;
    for (const auto& node : nodes) count += node->live(key);
    return count;
}

bool System::lives(const std::string& alloc) const {
    for (const auto& node : nodes)
        for (const driver_manager::TaskKey& key : node->tasks())
            if (key.alloc == alloc && node->live(key) > 0) return true;
    return false;
}

void System::check_launch(const driver_manager::TaskKey& key) {
    if (removed.contains(key.alloc)) world.violate("a removed alloc is not revived", key.alloc + "/" + key.task);
    const wire::AllocDesired* alloc = store.alloc(key.alloc);
    if (!alloc && lost.contains(key.alloc)) return;  // it was recorded when it was told to
    if (!alloc) world.violate("only recorded allocs run", key.alloc + "/" + key.task);
    check_gates(alloc->group, key);
    const wire::AllocStatus* status = store.status(key.alloc);
    if (!status) return;
    const wire::AllocOrder* order = store.order_of(key.alloc);
    for (const wire::TaskStatus& task : status->tasks)
        if (task.name == key.task && task.state == wire::TaskState::dead &&
            !(order && order->restart_all > task.restart_all_order))
            world.violate("a task that was recorded dead does not start again", key.task);
}

// What the lifecycle and the dependencies promise about the moment a process is launched, against what has happened.
void System::check_gates(const wire::GroupSpec& group, const driver_manager::TaskKey& key) {
    const auto ran = [](const Truth& truth) { return truth.ran; };
    const auto succeeded = [](const Truth& truth) { return truth.ran && truth.ended && truth.exit.successful(); };
    const wire::TaskSpec& spec = spec_of(group, key.task);
    for (const wire::TaskSpec& other : group.tasks) {
        const TaskKey that{key.alloc, other.name};
        const bool up = history.any(that, ran);
        const bool done = history.any(that, succeeded);
        const bool over = live({key.alloc, other.name}) == 0;
        const wire::Hook hook = other.lifecycle.hook;
        bool open = true;
        if (spec.lifecycle.hook == wire::Hook::main && hook == wire::Hook::prestart)
            open = other.lifecycle.sidecar ? up : done;
        if (spec.lifecycle.hook == wire::Hook::poststart && hook == wire::Hook::main) open = up;
        if (spec.lifecycle.hook == wire::Hook::poststop && hook != wire::Hook::poststop) open = over;
        const auto on = spec.depends_on.find(other.name);
        if (on != spec.depends_on.end()) {
            if (on->second <= wire::Condition::ready) open = open && up;
            if (on->second == wire::Condition::completed) open = open && over;
            if (on->second == wire::Condition::completed_ok) open = open && done;
        }
        if (!open) world.violate("a task is launched once its gates are open", key.task + " before " + other.name);
    }
}

// Everybody repeats what they stand for.
void System::beat() {
    store.repeat();
    for (auto& node : nodes) node->repeat();
    for (auto& runner : runners) runner->repeat();
    world.after(kBeat, [this] { beat(); });
}

void System::watch_deadlines() {
    if (is_whole() && world.is_clean()) {
        // After a beat everybody has heard of everybody again.
        const std::string late = deadlines.late(store, disturbed_at + kBeat, world.now());
        if (!late.empty()) world.violate("no task stays in a transient state past its deadline", late);
    }
    world.after(milliseconds(250), [this] { watch_deadlines(); });
}

bool System::is_whole() const {
    return store.up() && std::none_of(cut.begin(), cut.end(), [](bool one) { return one; }) &&
           std::all_of(nodes.begin(), nodes.end(), [](const auto& node) { return node->up(); }) &&
           std::all_of(runners.begin(), runners.end(), [](const auto& runner) { return runner->up(); });
}

void System::submit(std::size_t job) {
    wire::Request request;
    request.ask = wire::Ask::job_submit;
    request.spec = jobs[job];
    if (const wire::JobDesired* before = store.job(jobs[job].name); store.up() && before)
        work.replace(*before, jobs[job]);
    if (!store.ask(request)) world.after(milliseconds(50), [this, job] { submit(job); });
}

void System::make_calm() {
    world.trace("         calm");
    trouble_over = true;
    world.loss = 0;
    world.duplication = 0;
    world.partial = 0;
    world.delay_max = milliseconds(2);
    for (std::size_t i = 0; i < cut.size(); ++i) cut[i] = false;
    if (!store.up()) store.start();
    for (auto& node : nodes) {
        node->calm();
        store.set_node(node->id(), true);
        if (!node->up()) node->start();
    }
    for (auto& runner : runners)
        if (!runner->up()) runner->start();
    // Something must be there for what was driven away.
    wire::Request request;
    request.ask = wire::Ask::node_order;
    request.order = wire::NodeOrder{nodes[0]->id(), false, false, {}};
    store.ask(request);
    request.order->eligible = true;
    store.ask(request);
    disturb();
}

}  // namespace drover::sim
