#include "runner.hpp"

#include <algorithm>

#include "history.hpp"

namespace drover::sim {

void Runner::start() {
    ++epoch_;
    alloc_runner::BrainRules rules;
    rules.id = id_;
    rules.boot = "b" + std::to_string(epoch_);
    rules.max_kill_timeout = milliseconds(400);
    rules.task_edges = &edges_.task;
    rules.alloc_edges = &edges_.alloc;
    rules.slot_edges = &edges_.slot;
    brain_.emplace(rules);
    commands_ = Feed();
    reports_ = Feed();
    state_position_ = Position();
    node_position_ = Position();
    waking_at_ = kNever;
    world_.trace(id_ + "     starts, " + rules.boot);
    repeat();
}

void Runner::crash() {
    world_.trace(id_ + "     dies");
    brain_.reset();
}

void Runner::leave() {
    auto goodbye = std::make_shared<Message>();
    goodbye->from = id_;
    goodbye->epoch = epoch_;
    goodbye->goodbye = true;
    publish_reports(goodbye);
    crash();
}

void Runner::repeat() {
    if (!up()) return;
    publish_commands(commands_.mail(id_, epoch_));
    publish_reports(reports_.mail(id_, epoch_));
}

// Now and then only the beginning of what is new arrives.
std::size_t Runner::chunk() { return world_.random.chance(world_.partial) ? world_.random.below(3) : 1000; }

void Runner::hear_state(const Message& message) {
    if (!up()) return;
    const auto news = state_position_.take(
        message, chunk(), [this] { brain_->state_reset(); },
        [this](const Entry& entry) {
            std::visit(
                [this](const auto& body) {
                    if constexpr (requires { brain_->hear(body); }) brain_->hear(body);
                },
                *entry.body);
        });
    if (news == Position::News::complete) brain_->state_complete();
    if (news != Position::News::none) settle();
}

void Runner::hear_node(const Message& message) {
    if (!up()) return;
    const auto news = node_position_.take(
        message, chunk(), [this] { brain_->inventory_reset("node"); },
        [this](const Entry& entry) {
            const std::size_t slash = entry.key.find('/');
            if (const auto* observed = std::get_if<wire::TaskObserved>(entry.body.get()))
                brain_->hear("node", *observed);
            else
                brain_->forget_task("node", {entry.key.substr(0, slash), entry.key.substr(slash + 1)});
        });
    if (news == Position::News::complete) brain_->inventory_complete("node");
    if (news != Position::News::none) settle();
}

void Runner::settle() {
    alloc_runner::Statements said = brain_->settle(world_.now());
    const std::uint64_t commands = commands_.head();
    const std::uint64_t reports = reports_.head();
    for (const auto& [where, command] : said.commands) {
        const std::string key = where.second.first + "/" + where.second.second;
        if (command)
            commands_.put(key, *command);
        else
            commands_.erase(key);
    }
    for (const auto& [alloc, report] : said.reports) {
        if (report)
            reports_.put("report/" + alloc, *report);
        else
            reports_.erase("report/" + alloc);
    }
    for (const auto& [alloc, proposal] : said.proposals) {
        if (proposal)
            reports_.put("alloc/" + alloc, *proposal);
        else
            reports_.erase("alloc/" + alloc);
    }
    if (world_.tracing())
        for (const wire::TaskEvent& event : said.events) world_.trace(id_ + "     says " + print(event));
    if (commands_.head() != commands) publish_commands(commands_.mail(id_, epoch_));
    if (reports_.head() != reports) publish_reports(reports_.mail(id_, epoch_));
    wake_later();
}

void Runner::wake_later() {
    const Instant when = brain_->wake_at();
    if (when == kNever || when == waking_at_) return;
    waking_at_ = when;
    const Duration delay = std::max(when - world_.now(), Duration{});
    world_.after(delay, [this, epoch = epoch_, when] {
        if (!up() || epoch != epoch_ || waking_at_ != when) return;
        waking_at_ = kNever;
        settle();
    });
}

}  // namespace drover::sim
