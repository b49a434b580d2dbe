#include "runner.hpp"

#include <algorithm>
#include <set>

#include "history.hpp"

namespace drover::sim {

void Runner::start() {
    ++epoch_;
    alloc_runner::BrainRules rules;
    rules.id = id_;
    rules.boot = boot();
    rules.max_kill_timeout = kMaxKillTimeout;
    rules.orphan_grace = seconds(2);
    rules.settling = seconds(1);
    rules.store_silence = milliseconds(1500);  // two beats
    rules.task_edges = &edges_.task;
    rules.alloc_edges = &edges_.alloc;
    rules.slot_edges = &edges_.slot;
    brain_.emplace(rules);
    commands_.clear();
    reports_ = Feed();
    state_position_ = Position();
    node_positions_.clear();
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
    for (const auto& [node, feed] : commands_) publish_commands(node, feed.mail(id_, epoch_));
    publish_reports(reports_.mail(id_, epoch_));
}

// Now and then only the beginning of what is new arrives.
std::size_t Runner::chunk() { return world_.random.chance(world_.partial) ? world_.random.below(3) : 1000; }

void Runner::hear_state(const Message& message) {
    if (!up()) return;
    const auto news = state_position_.take(
        message, chunk(), [this] { brain_->state_reset(); },
        [this](const Entry& entry) {
            if (std::holds_alternative<std::monostate>(*entry.body)) return forget(entry.key);
            std::visit(
                [this](const auto& body) {
                    if constexpr (requires { brain_->hear(body); }) brain_->hear(body);
                },
                *entry.body);
        });
    if (news == Position::News::complete) brain_->state_complete();
    if (state_position_.confirmed_by(message)) brain_->state_current(world_.now());
    if (news != Position::News::none) settle();
}

void Runner::forget(const std::string& key) {
    const std::string name = key.substr(key.find('/') + 1);
    if (key.starts_with("job/")) brain_->forget_job(name);
    if (key.starts_with("alloc/")) brain_->forget_alloc(name);
    if (key.starts_with("status/")) brain_->forget_status(name);
    if (key.starts_with("order/")) brain_->forget_order(name);
    if (key.starts_with("node/")) brain_->forget_node(name);
    if (key.starts_with("nodeorder/")) brain_->forget_node_order(name);
    if (key.starts_with("collected/")) brain_->forget_collected(name);
}

void Runner::hear_node(const Message& message) {
    if (!up()) return;
    const std::string& node = message.from;
    const auto news = node_positions_[node].take(
        message, chunk(), [this, &node] { brain_->inventory_reset(node); },
        [this, &node](const Entry& entry) {
            const std::size_t slash = entry.key.find('/');
            if (const auto* observed = std::get_if<wire::TaskObserved>(entry.body.get()))
                brain_->hear(node, *observed);
            else
                brain_->forget_task(node, {entry.key.substr(0, slash), entry.key.substr(slash + 1)});
        });
    if (news == Position::News::complete) brain_->inventory_complete(node);
    if (news != Position::News::none) settle();
}

void Runner::settle() {
    alloc_runner::Statements said = brain_->settle(world_.now());
    std::set<std::string> commanded;
    const std::uint64_t reports = reports_.head();
    for (const auto& [where, command] : said.commands) {
        const std::string key = where.second.first + "/" + where.second.second;
        Feed& feed = commands_[where.first];
        const std::uint64_t before = feed.head();
        if (command)
            feed.put(key, *command);
        else
            feed.erase(key);
        if (feed.head() != before) commanded.insert(where.first);
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
    for (const std::string& node : commanded) publish_commands(node, commands_[node].mail(id_, epoch_));
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
