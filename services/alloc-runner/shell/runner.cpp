#include "alloc-runner/shell/runner.hpp"

#include "base/hash.hpp"
#include "host/log.hpp"
#include "wire/codec.hpp"

namespace drover::alloc_runner {

namespace {

constexpr std::string_view kObserved = "task/observed/";

std::string node_of(const std::string& stream) { return stream.substr(kObserved.size()); }

std::string text(std::uint64_t number) { return std::to_string(number); }

}  // namespace

Runner::Runner(rt::Loop& loop, bus::Exchange& exchange, const BrainRules& rules)
    : loop_(loop),
      exchange_(exchange),
      brain_(rules),
      report_stream_("report/" + rules.id),
      epoch_(stable_hash(rules.boot)),
      state_(*this),
      nodes_(*this),
      reports_(epoch_) {
    exchange_.offer(report_stream_, reports_);
    exchange_.follow("state", state_);
    exchange_.follow(std::string(kObserved), nodes_);
}

Runner::~Runner() {
    loop_.cancel(soon_);
    loop_.cancel(wake_);
}

template <class T>
void Runner::hear(const wire::Record& record) {
    const Result<T> message = wire::decode<T>(record.body);
    if (message) {
        brain_.hear(*message);
    } else {
        log::error("record not understood", {{"key", record.key}, {"why", message.error().message}});
    }
}

void Runner::StateFollower::on_reset(const std::string&, const std::string&) { runner_.brain_.state_reset(); }

void Runner::StateFollower::on_record(const std::string&, const std::string&, const wire::Record& record) {
    runner_.settle_soon();
    if (record.erased) return forget(record.key);
    if (record.kind == "JobDesired") return runner_.hear<wire::JobDesired>(record);
    if (record.kind == "AllocDesired") return runner_.hear<wire::AllocDesired>(record);
    if (record.kind == "AllocOrder") return runner_.hear<wire::AllocOrder>(record);
    if (record.kind == "AllocStatus") return runner_.hear<wire::AllocStatus>(record);
    if (record.kind == "NodeStatus") return runner_.hear<wire::NodeStatus>(record);
    if (record.kind == "NodeOrder") return runner_.hear<wire::NodeOrder>(record);
    if (record.kind == "CollectedAlloc") return runner_.hear<wire::CollectedAlloc>(record);
    if (record.kind == "Members") return runner_.hear<wire::Members>(record);
}

void Runner::StateFollower::forget(const std::string& key) {
    const std::size_t slash = key.find('/');
    const std::string kind = key.substr(0, slash);
    const std::string name = slash == std::string::npos ? "" : key.substr(slash + 1);
    if (kind == "job") runner_.brain_.forget_job(name);
    if (kind == "alloc") runner_.brain_.forget_alloc(name);
    if (kind == "status") runner_.brain_.forget_status(name);
    if (kind == "order") runner_.brain_.forget_order(name);
    if (kind == "node") runner_.brain_.forget_node(name);
    if (kind == "nodeorder") runner_.brain_.forget_node_order(name);
    if (kind == "collected") runner_.brain_.forget_collected(name);
}

void Runner::StateFollower::on_complete(const std::string&, const std::string&) {
    runner_.brain_.state_complete();
    runner_.settle_soon();
}

void Runner::StateFollower::on_current(const std::string&, const std::string&) {
    runner_.brain_.state_current(runner_.loop_.now());
}

void Runner::NodeFollower::on_reset(const std::string&, const std::string& stream) {
    runner_.brain_.inventory_reset(node_of(stream));
}

void Runner::NodeFollower::on_record(const std::string&, const std::string& stream, const wire::Record& record) {
    runner_.settle_soon();
    if (record.erased) {
        const std::size_t slash = record.key.find('/');
        if (slash == std::string::npos) return;
        return runner_.brain_.forget_task(node_of(stream), {record.key.substr(0, slash), record.key.substr(slash + 1)});
    }
    const Result<wire::TaskObserved> observed = wire::decode<wire::TaskObserved>(record.body);
    if (observed) {
        runner_.brain_.hear(node_of(stream), *observed);
    } else {
        log::error("record not understood", {{"key", record.key}, {"why", observed.error().message}});
    }
}

void Runner::NodeFollower::on_complete(const std::string&, const std::string& stream) {
    runner_.brain_.inventory_complete(node_of(stream));
    runner_.settle_soon();
}

// What arrives in one round is concluded upon once.
void Runner::settle_soon() {
    if (soon_ != 0) return;
    soon_ = loop_.at(loop_.now(), [this] {
        soon_ = 0;
        settle();
    });
}

void Runner::settle() {
    const Instant begun = loop_.now();
    const Statements statements = brain_.settle(begun);
    settled_.observe(static_cast<double>((loop_.now() - begun).ns) / 1e9);
    tell(statements);
    publish(statements);
    loop_.cancel(wake_);
    wake_ = 0;
    if (const Instant at = brain_.wake_at(); at != kNever) {
        wake_ = loop_.at(at, [this] {
            wake_ = 0;
            settle();
        });
    }
}

bus::KeyedFeed& Runner::commands_for(const std::string& node) {
    std::unique_ptr<bus::KeyedFeed>& feed = commands_[node];
    if (!feed) {
        feed = std::make_unique<bus::KeyedFeed>(epoch_);
        exchange_.offer("task/command/" + node, *feed);
    }
    return *feed;
}

void Runner::publish(const Statements& statements) {
    for (const auto& [where, command] : statements.commands) {
        const auto& [node, key] = where;
        const std::string name = key.first + "/" + key.second;
        bus::KeyedFeed& feed = commands_for(node);
        const bool news = command ? feed.put(name, "TaskCommand", wire::encode(*command)) : feed.erase(name);
        if (news) exchange_.changed("task/command/" + node);
    }
    for (const auto& [alloc, report] : statements.reports) {
        const std::string key = "report/" + alloc;
        report ? reports_.put(key, "AllocReport", wire::encode(*report)) : reports_.erase(key);
    }
    for (const auto& [alloc, proposal] : statements.proposals) {
        const std::string key = "alloc/" + alloc;
        proposal ? reports_.put(key, "AllocDesired", wire::encode(*proposal)) : reports_.erase(key);
    }
    exchange_.changed(report_stream_);
}

void Runner::tell(const Statements& statements) {
    if (brain_.term() != logged_term_) {
        log::info(brain_.term() == 0 ? "not a member" : "member", {{"term", text(brain_.term())}});
        logged_term_ = brain_.term();
    }
    for (const wire::TaskEvent& event : statements.events) {
        ++events_[event.type];
        log::info("task event", {{"job", event.job},
                                 {"alloc", event.alloc},
                                 {"task", event.task},
                                 {"n", text(event.n)},
                                 {"type", event.type},
                                 {"message", event.message}});
    }
    for (const std::string& sentence : statements.explanations) log::warn("waiting", {{"why", sentence}});
}

void Runner::measure(metrics::Page& page) const {
    const auto add = [&page](const metrics::Metric& one, auto value) { page.add(one, static_cast<double>(value)); };
    add(metrics::metric("drover_runner_term"), brain_.term());
    add(metrics::metric("drover_runner_jobs"), brain_.jobs().size());
    add(metrics::metric("drover_runner_reports_waiting"), reports_.size());
    std::size_t commands = 0;
    for (const auto& [node, feed] : commands_) commands += feed->size();
    add(metrics::metric("drover_runner_commands"), commands);
    for (const auto& [type, count] : events_)
        page.add(metrics::metric("drover_runner_events_total"), {type}, static_cast<double>(count));
    page.add(metrics::metric("drover_runner_settle_seconds"), {}, settled_);
}

}  // namespace drover::alloc_runner
