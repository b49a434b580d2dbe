#include "node.hpp"

#include <algorithm>

#include "driver-manager/core/phases.hpp"

namespace drover::sim {

using driver_manager::Action;
using driver_manager::is_live;
using wire::RunPhase;

std::string Node::name(const Key& key, std::uint64_t seq) const {
    return key.alloc.substr(0, 4) + "/" + key.task + " run " + std::to_string(seq);
}

Node::Shim* Node::find(const Key& key, std::uint64_t seq) {
    const auto dir = dirs_.find(key);
    if (dir == dirs_.end()) return nullptr;
    const auto shim = dir->second.shims.find(seq);
    return shim == dir->second.shims.end() ? nullptr : &shim->second;
}

const wire::IncarnationObserved* Node::incarnation(const Key& key, std::uint64_t seq) const {
    const Shim* shim = const_cast<Node*>(this)->find(key, seq);
    return shim ? &shim->state : nullptr;
}

std::size_t Node::live(const Key& key) const {
    const auto dir = dirs_.find(key);
    if (dir == dirs_.end()) return 0;
    return static_cast<std::size_t>(std::count_if(dir->second.shims.begin(), dir->second.shims.end(),
                                                  [](const auto& entry) { return is_live(entry.second.state.phase); }));
}

std::vector<Node::Key> Node::tasks() const {
    std::vector<Key> keys;
    for (const auto& [key, dir] : dirs_)
        if (dir.floor > 0 || !dir.shims.empty()) keys.push_back(key);
    return keys;
}

void Node::start() {
    ++epoch_;
    inventory_ = std::make_unique<driver_manager::Inventory>();
    inventory_->adopt(fence_);
    feed_ = Feed();
    positions_.clear();
    world_.trace(id_ + "       driver-manager starts, epoch " + std::to_string(epoch_));
    for (const auto& [key, dir] : dirs_) {
        std::vector<wire::IncarnationObserved> found;
        for (const auto& [seq, shim] : dir.shims) found.push_back(shim.state);
        if (found.empty() && dir.floor == 0) continue;
        inventory_->adopt(key, dir.floor, found);
        if (dir.render) inventory_->rendered(key, *dir.render);
        if (auto observed = inventory_->observed(key)) feed_.put(key.alloc + "/" + key.task, *observed);
    }
    repeat();
}

void Node::crash() {
    world_.trace(id_ + "       driver-manager dies");
    inventory_.reset();
}

void Node::repeat() {
    if (!up()) return;
    publish(feed_.mail(id_, epoch_));
}

void Node::hear(const Message& message) {
    if (!up()) return;
    positions_[message.from].take(
        message, message.entries.size(), [] {},
        [this](const Entry& entry) {
            const auto* command = std::get_if<wire::TaskCommand>(entry.body.get());
            if (!command) return;
            const Key key{command->alloc, command->task};
            if (world_.tracing())
                world_.trace(id_ + "       hears " + std::string(to_string(command->verb)) + " " +
                             name(key, command->seq) + " term " + std::to_string(command->term) + " released " +
                             std::to_string(command->released));
            if (!inventory_->knows(key)) inventory_->adopt(key, dirs_[key].floor, {});
            const auto decision = inventory_->command(*command);
            if (!decision.refused.empty()) world_.trace(id_ + "       refuses: " + decision.refused);
            apply(decision);
        });
}

void Node::apply(const driver_manager::Decision& decision) {
    for (const Action& action : decision.actions) {
        TaskDir& dir = dirs_[action.key];
        switch (action.kind) {
            case Action::Kind::launch: launch(action); break;
            case Action::Kind::stop: stop(action.key, dir.shims.at(action.seq), action); break;
            case Action::Kind::signal: {
                Shim& shim = dir.shims.at(action.seq);
                shim.state.signals_applied = action.order;
                if (world_.random.chance(20)) shim.state.signal_error = "no such process";
                notify(action.key, action.seq);
                break;
            }
            case Action::Kind::pre_kill: run_pre_kill(action.key, action.seq); break;
            case Action::Kind::probe:
                world_.after(world_.random.between(microseconds(100), milliseconds(200)),
                             [this, key = action.key, seq = action.seq] { become_ready(key, seq); });
                break;
            case Action::Kind::release: dir.shims.erase(action.seq); break;
            case Action::Kind::recall: apply(inventory_->recalled(action.key, dir.shims.at(action.seq).placed)); break;
            case Action::Kind::set_floor: dir.floor = action.seq; break;
            case Action::Kind::set_fence: fence_ = std::max(fence_, action.seq); break;
            case Action::Kind::destroy:
                if (live(action.key) != 0) world_.violate("what is destroyed has ended", name(action.key, 0));
                on_destroy(action.key);
                dirs_.erase(action.key);
                break;
        }
    }
    changed(decision.changed);
}

void Node::launch(const Action& action) {
    const Key& key = action.key;
    TaskDir& dir = dirs_[key];
    on_launch(key, action.seq);
    if (live(key) != 0) world_.violate("at most one incarnation lives", name(key, action.seq));
    if (action.seq <= dir.floor) world_.violate("nothing below the floor starts", name(key, action.seq));
    if (dir.shims.contains(action.seq)) world_.violate("an incarnation starts once", name(key, action.seq));
    Shim& shim = dir.shims[action.seq];
    shim.state.seq = action.seq;
    shim.state.id = action.id;
    shim.placed = inventory_->standing(key)->placed;
    shim.stubborn = world_.random.chance(manners_.ignore_signals);
    history_.truth({key.alloc, key.task}, action.id);
    if (world_.tracing()) world_.trace("machine  launches " + name(key, action.seq));
    set_up(key, shim);
    world_.after(world_.random.between(microseconds(100), manners_.start_max),
                 [this, key, seq = action.seq] { settle_start(key, seq); });
}

void Node::calm() {
    calm_ = true;
    for (const auto& [key, dir] : dirs_)
        for (const auto& [seq, shim] : dir.shims)
            if (shim.state.phase == RunPhase::running && is_ephemeral(key)) end_after(milliseconds(5), key, seq, {});
}

// Some tasks have artifacts; a download takes a while and may fail.
void Node::set_up(const Key& key, Shim& shim) {
    const Instant now = world_.now();
    shim.state.steps.push_back({wire::SetupKind::directory, now, microseconds(100), true, ""});
    if (world_.random.chance(30)) shim.state.steps.push_back({wire::SetupKind::artifacts, now, {}, false, ""});
    notify(key, shim.state.seq);
}

// A script of the driver-manager: it dies with it.
void Node::run_pre_kill(const Key& key, std::uint64_t seq) {
    const std::string error = world_.random.chance(20) ? "exit code 1" : "";
    world_.after(world_.random.between(microseconds(100), milliseconds(300)), [this, key, seq, error, epoch = epoch_] {
        Shim* shim = find(key, seq);
        if (!up() || epoch != epoch_ || !shim || shim->state.phase != RunPhase::running) return;
        shim->state.pre_kill_done = true;
        shim->state.pre_kill_error = error;
        notify(key, seq);
    });
}

// What the driver-manager finds out about a task's templates it keeps in the task's directory.
void Node::change_templates(wire::ChangeMode mode) {
    for (auto& [key, dir] : dirs_) {
        if (dir.shims.empty()) continue;
        if (!dir.render) dir.render.emplace();
        ++dir.render->number;
        dir.render->mode = mode;
        dir.render->signal = "SIGHUP";
        if (world_.random.chance(20)) dir.render->act_error = "failure " + std::to_string(++dir.render->act_failures);
        dir.render->due_at = world_.now() + world_.random.between(Duration{}, milliseconds(300));
        if (up()) apply(inventory_->rendered(key, *dir.render));
    }
}

void Node::become_ready(const Key& key, std::uint64_t seq) {
    Shim* shim = find(key, seq);
    if (!shim || shim->state.phase != RunPhase::running) return;
    shim->state.ready = true;
    notify(key, seq);
}

void Node::settle_start(const Key& key, std::uint64_t seq) {
    Shim* shim = find(key, seq);
    if (!shim || shim->state.phase != RunPhase::starting) return;
    Random& random = world_.random;
    wire::SetupStep& last = shim->state.steps.back();
    last.over = true;
    last.took = world_.now() - last.began_at;
    if (last.kind == wire::SetupKind::artifacts && !calm_ && random.chance(manners_.fail_to_fetch)) {
        last.error = "no such host";
        shim->state.phase = RunPhase::start_failed;
        shim->state.error = last.error;
        shim->state.recoverable = true;
        shim->state.finished_at = world_.now();
        return notify(key, seq);
    }
    if (!calm_ && random.chance(manners_.fail_to_start)) {
        shim->state.phase = RunPhase::start_failed;
        shim->state.error = "no such file";
        shim->state.recoverable = !random.chance(manners_.unrecoverable);
        shim->state.finished_at = world_.now();
        return notify(key, seq);
    }
    shim->state.phase = RunPhase::running;
    shim->state.pid = static_cast<std::int64_t>(1000 + world_.steps);
    shim->state.started_at = world_.now();
    history_.truth({key.alloc, key.task}, shim->state.id).ran = true;
    if (world_.tracing()) world_.trace("machine  runs " + name(key, seq));
    notify(key, seq);
    if (shim->stopped) return end_after(milliseconds(1), key, seq, {130, 2, false, ""});
    if (calm_ && is_ephemeral(key)) return end_after(milliseconds(5), key, seq, {});
    if (calm_ || !random.chance(manners_.end_by_themselves + manners_.shim_dies)) return;
    const Duration life = random.between(microseconds(100), manners_.life_max);
    const bool well = random.chance(manners_.end_well);
    wire::ExitRecord exit{well ? 0 : static_cast<std::int32_t>(1 + random.below(3)), 0, false, ""};
    if (random.chance(manners_.shim_dies)) exit = {-1, 0, false, "shim died"};
    world_.after(life, [this, key, seq, exit] {
        if (!calm_) end(key, seq, exit);
    });
}

// What a shim does with a stop it does even when nobody is left to hear of it.
void Node::stop(const Key& key, Shim& shim, const Action& action) {
    Truth& truth = history_.truth({key.alloc, key.task}, shim.state.id);
    if (!truth.stop_asked.set()) truth.stop_asked = world_.now();
    truth.kill_timeout = action.timeout;
    shim.stopped = true;
    if (shim.state.phase == RunPhase::starting && world_.random.chance(50)) {
        shim.state.phase = RunPhase::never_started;
        shim.state.finished_at = world_.now();
        truth.ended = true;
        return notify(key, shim.state.seq);
    }
    end_after(action.timeout, key, shim.state.seq, {137, 9, false, ""});
    if (!shim.stubborn && shim.state.phase == RunPhase::running)
        end_after(milliseconds(3), key, shim.state.seq, {130, 2, false, ""});
}

void Node::end_after(Duration delay, const Key& key, std::uint64_t seq, const wire::ExitRecord& exit) {
    world_.after(delay, [this, key, seq, exit] { end(key, seq, exit); });
}

void Node::end(const Key& key, std::uint64_t seq, const wire::ExitRecord& exit) {
    Shim* shim = find(key, seq);
    if (!shim || shim->state.phase != RunPhase::running) return;
    Truth& truth = history_.truth({key.alloc, key.task}, shim->state.id);
    truth.ended = true;
    truth.exit = exit;
    if (truth.stop_asked.set() && world_.now() > truth.stop_asked + truth.kill_timeout + milliseconds(100))
        world_.violate("a kill is on time", name(key, seq));
    shim->state.phase = RunPhase::exited;
    shim->state.exit = exit;
    shim->state.finished_at = world_.now();
    if (world_.tracing()) world_.trace("machine  ends " + name(key, seq) + " code " + std::to_string(exit.code));
    notify(key, seq);
}

// The driver-manager learns of it a little later, or when it starts again.
void Node::notify(const Key& key, std::uint64_t seq) {
    if (!up()) return;
    world_.after(world_.random.between(microseconds(10), milliseconds(2)), [this, key, seq, epoch = epoch_] {
        const Shim* shim = find(key, seq);
        if (!up() || epoch != epoch_ || !shim) return;
        apply(inventory_->report(key, shim->state));
    });
}

void Node::changed(const std::vector<Key>& keys) {
    for (const Key& key : keys) {
        const std::string name = key.alloc + "/" + key.task;
        if (auto observed = inventory_->observed(key))
            feed_.put(name, *observed);
        else
            feed_.erase(name);
    }
    if (!keys.empty()) repeat();
}

}  // namespace drover::sim
