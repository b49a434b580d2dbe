#include "driver-manager/shell/agent.hpp"

#include <algorithm>

#include "driver-manager/core/phases.hpp"
#include "driver-manager/drivers/driver.hpp"
#include "host/log.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

std::string feed_key(const TaskKey& key) { return key.alloc + "/" + key.task; }

void log_state(const TaskKey& key, const wire::IncarnationObserved& state) {
    log::info("task " + std::string(to_string(state.phase)), {{"alloc", key.alloc},
                                                              {"task", key.task},
                                                              {"seq", state.seq},
                                                              {"pid", state.pid},
                                                              {"code", state.exit.code},
                                                              {"signal", state.exit.signal},
                                                              {"error", state.error + state.exit.error}});
}

std::optional<wire::RunPhase> phase_of(const std::optional<wire::TaskObserved>& observed, std::uint64_t seq) {
    if (observed)
        for (const auto& incarnation : observed->incarnations)
            if (incarnation.seq == seq) return incarnation.phase;
    return std::nullopt;
}

}  // namespace

Agent::Agent(rt::Loop& loop, bus::Exchange& exchange, Hands& hands, std::string node, std::uint64_t epoch)
    : loop_(loop),
      exchange_(exchange),
      hands_(hands),
      node_(std::move(node)),
      stream_("task/observed/" + node_),
      feed_(epoch) {}

Agent::~Agent() { loop_.cancel(pay_timer_); }

Result<void> Agent::start() {
    hands_.listen([this](const TaskKey& key, const wire::IncarnationObserved& state) { hear_report(key, state); });
    hands_.listen_renders([this](const TaskKey& key, const wire::RenderObserved& now) { hear_render(key, now); });
    const auto found = hands_.adopt();
    if (!found) return tl::unexpected(found.error());
    const auto fence = hands_.fence();
    if (!fence) return tl::unexpected(fence.error());
    inventory_.adopt(*fence);
    for (const Found& task : *found) {
        inventory_.adopt(task.key, task.floor, task.incarnations);
        for (const auto& state : task.incarnations) log_state(task.key, state);
        feed_.put(feed_key(task.key), wire::TaskObserved::kName, wire::encode(*inventory_.observed(task.key)));
    }
    log::info("adopted", {{"node", node_}, {"tasks", found->size()}});
    // Offered only now, so that nobody takes half an inventory for all of it.
    exchange_.offer(stream_, feed_);
    exchange_.follow("task/command/" + node_, *this);
    return {};
}

void Agent::end_all() {
    ending_ = true;
    for (const TaskKey& key : inventory_.tasks()) {
        const wire::TaskCommand* const standing = inventory_.standing(key);
        // Nobody has said yet how an adopted one is to be ended.
        const std::string signal = standing != nullptr ? standing->kill_signal : "";
        const Duration timeout = standing != nullptr ? standing->kill_timeout : wire::TaskSpec().kill_timeout;
        const auto observed = inventory_.observed(key);
        for (const wire::IncarnationObserved& run : observed->incarnations)
            if (is_live(run.phase)) hands_.stop(key, run.seq, signal, timeout);
    }
}

void Agent::on_record(const std::string& source, const std::string&, const wire::Record& record) {
    if (record.erased || ending_) return;
    if (record.kind != wire::TaskCommand::kName) return refuse(source, "a command of unknown kind " + record.kind);
    const auto command = wire::decode<wire::TaskCommand>(record.body);
    if (!command) return refuse(source, "a command that cannot be read: " + command.error().message);
    const TaskKey key{command->alloc, command->task};
    if (record.key != feed_key(key)) return refuse(source, "a command under the key of another task: " + record.key);
    const Decision decision = inventory_.command(*command);
    if (!decision.refused.empty()) return refuse(source, decision.refused);
    ++counters_.commands;
    apply(decision);
    settle_place(key);
    if (!command->spec.templates.empty()) hands_.keep_templates(*command);
}

void Agent::hear_render(const TaskKey& key, const wire::RenderObserved& now) {
    log::info("templates", {{"alloc", key.alloc},
                            {"task", key.task},
                            {"changes", now.number},
                            {"mode", to_string(now.mode)},
                            {"changed", now.what},
                            {"stale", now.stale_why}});
    apply(inventory_.rendered(key, now));
}

void Agent::hear_report(const TaskKey& key, const wire::IncarnationObserved& state) {
    const auto before = inventory_.observed(key);
    const Decision decision = inventory_.report(key, state);
    if (!decision.refused.empty()) return refuse("launcher", decision.refused);
    if (phase_of(before, state.seq) != state.phase) log_state(key, state);
    starts_.heard(key, state, loop_.now());
    apply(decision);
    settle_place(key);
}

void Agent::settle_place(const TaskKey& key) {
    if (!inventory_.keeps_place(key)) return hands_.give_back(key);
    const wire::TaskCommand* command = inventory_.standing(key);
    if (command != nullptr && phase_of(inventory_.observed(key), command->seq) == wire::RunPhase::running)
        hands_.assume(*command);
}

void Agent::apply(const Decision& decision) {
    for (const Action& action : decision.actions) carry_out(action);
    for (const TaskKey& key : decision.changed) publish(key);
}

void Agent::carry_out(const Action& action) {
    // A stop never waits: its floor is known to this process, and what it ends has its files.
    const bool floor = action.kind == Action::Kind::set_floor;
    const bool queue = floor || (owed_.contains(action.key) && action.kind != Action::Kind::stop);
    if (!queue && try_action(action)) return;
    owed_[action.key].push_back(action);
    pay_at(floor && !refused_ ? loop_.now() : loop_.now() + kRetry);
}

// False when it has to be tried again before anything else is done for the task.
bool Agent::try_action(const Action& action) {
    switch (action.kind) {
        case Action::Kind::launch: return launch(action);
        case Action::Kind::stop:
            log::info("stopping task", {{"alloc", action.key.alloc},
                                        {"task", action.key.task},
                                        {"seq", action.seq},
                                        {"signal", action.signal},
                                        {"timeout", action.timeout}});
            hands_.stop(action.key, action.seq, action.signal, action.timeout);
            return true;
        case Action::Kind::pre_kill:
        case Action::Kind::probe: accompany(action); return true;
        case Action::Kind::signal: signal(action); return true;
        case Action::Kind::release: hands_.release(action.key, action.seq); return true;
        case Action::Kind::destroy: hands_.destroy(action.key); return true;
        case Action::Kind::recall:
            apply(inventory_.recalled(action.key, hands_.recall(action.key, action.seq)));
            return true;
        case Action::Kind::set_floor: return set_floors({{action.key, action.seq}});
        case Action::Kind::set_fence: return is_kept(hands_.set_fence(action.seq));
    }
    return true;
}

bool Agent::launch(const Action& action) {
    const wire::TaskCommand* command = inventory_.standing(action.key);
    wire::IncarnationObserved outcome;
    outcome.seq = action.seq;
    outcome.id = action.id;
    // A launch that had to wait may have been stopped meanwhile.
    if (command == nullptr || command->verb != wire::Verb::run || command->seq != action.seq) {
        outcome.phase = wire::RunPhase::never_started;
        hear_report(action.key, outcome);
        return true;
    }
    starts_.begun(action.key, action.seq, loop_.now());
    const auto launched = hands_.launch(wire::TaskCommand(*command));
    if (launched) {
        ++counters_.launched;
        return true;
    }
    // It left no trace, so without the floor a restarted driver-manager would start what was reported to have failed.
    if (!set_floors({{action.key, action.seq}})) return false;
    outcome.phase = wire::RunPhase::start_failed;
    outcome.error = launched.error().message;
    outcome.recoverable = drivers::is_recoverable(launched.error());
    hear_report(action.key, outcome);
    return true;
}

bool Agent::set_floors(const std::map<TaskKey, std::uint64_t>& floors) { return is_kept(hands_.set_floors(floors)); }

bool Agent::is_kept(const Result<void>& written) {
    // Said once, not with every attempt.
    if (!written && !refused_) log::error("cannot record what may never happen again", {{"error", written.error()}});
    refused_ = !written;
    return written.has_value();
}

void Agent::accompany(const Action& action) {
    const wire::TaskCommand* command = inventory_.standing(action.key);
    if (command == nullptr || command->seq != action.seq) return;
    if (action.kind == Action::Kind::probe) return hands_.probe(wire::TaskCommand(*command));
    log::info("running the pre_kill script",
              {{"alloc", action.key.alloc}, {"task", action.key.task}, {"seq", action.seq}});
    hands_.pre_kill(wire::TaskCommand(*command));
}

void Agent::signal(const Action& action) {
    const wire::TaskCommand* command = inventory_.standing(action.key);
    auto sent = command == nullptr ? Result<void>() : drivers::may_signal(command->spec);
    if (sent) sent = hands_.signal(action.key, action.seq, action.order, action.signal);
    if (sent) return;
    const auto observed = inventory_.observed(action.key);
    if (!observed) return;
    for (wire::IncarnationObserved state : observed->incarnations) {
        if (state.seq != action.seq) continue;
        state.signals_applied = action.order;
        state.signal_error = sent.error().message;
        hear_report(action.key, state);
    }
}

void Agent::pay_at(Instant when) {
    if (pay_timer_ != 0 && pay_at_ <= when) return;
    loop_.cancel(pay_timer_);
    pay_at_ = when;
    pay_timer_ = loop_.at(when, [this] { pay(); });
}

void Agent::pay() {
    pay_timer_ = 0;
    std::map<TaskKey, std::uint64_t> floors;
    std::vector<TaskKey> keys;
    for (const auto& [key, actions] : owed_) {
        keys.push_back(key);
        for (const Action& action : actions)
            if (action.kind == Action::Kind::set_floor) floors[key] = std::max(floors[key], action.seq);
    }
    if (!floors.empty() && !set_floors(floors)) return pay_at(loop_.now() + kRetry);
    for (const TaskKey& key : keys) pay(key, floors[key]);
}

// In their order; what is not possible yet stays, with all that is behind it.
void Agent::pay(const TaskKey& key, std::uint64_t floor) {
    std::deque<Action>& actions = owed_.at(key);
    while (!actions.empty()) {
        const Action action = actions.front();
        const bool paid = action.kind == Action::Kind::set_floor && action.seq <= floor;
        if (!paid && !try_action(action)) return pay_at(loop_.now() + kRetry);
        actions.pop_front();
    }
    owed_.erase(key);
    publish(key);
}

void Agent::publish(const TaskKey& key) {
    if (owed_.contains(key)) return;
    const auto observed = inventory_.observed(key);
    const bool changed = observed ? feed_.put(feed_key(key), wire::TaskObserved::kName, wire::encode(*observed))
                                  : feed_.erase(feed_key(key));
    if (changed) exchange_.changed(stream_);
}

void Agent::measure(metrics::Page& page) const {
    const auto add = [&page](const metrics::Metric& one, auto value) { page.add(one, static_cast<double>(value)); };
    add(metrics::metric("drover_node_commands_total"), counters_.commands);
    add(metrics::metric("drover_node_refused_total"), counters_.refused);
    add(metrics::metric("drover_node_starts_total"), counters_.launched);
    std::size_t owed = 0;
    for (const auto& [key, actions] : owed_) owed += actions.size();
    add(metrics::metric("drover_node_owed_actions"), owed);
    starts_.measure(page);
}

void Agent::refuse(const std::string& source, const std::string& why) {
    // The first of a burst is worth a line; the rest is counted.
    if (counters_.refused++ % 100 == 0)
        log::warn("refused", {{"from", source}, {"why", why}, {"refused", counters_.refused}});
}

}  // namespace drover::driver_manager
