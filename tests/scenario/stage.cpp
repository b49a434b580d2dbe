#include "stage.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <stdexcept>

#include "base/units.hpp"

namespace drover::scenario {
namespace {

using wire::RunPhase;

std::uint64_t number(const std::string& word) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) throw std::runtime_error("not a number: " + word);
    return value;
}

Duration duration(const std::string& word) {
    const Result<Duration> value = parse_duration(word);
    if (!value) throw std::runtime_error(value.error().message);
    return *value;
}

std::vector<std::string> split(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

void set(wire::AllocDesired& alloc, const std::string& key, const std::string& value) {
    wire::RestartPolicy& restart = alloc.group.restart;
    if (key == "type")
        alloc.type = value == "batch" ? wire::JobType::batch : wire::JobType::service;
    else if (key == "attempts")
        restart.attempts = static_cast<std::uint32_t>(number(value));
    else if (key == "interval")
        restart.interval = duration(value);
    else if (key == "delay")
        restart.delay = duration(value);
    else if (key == "mode")
        restart.mode = value == "delay" ? wire::RestartMode::delay : wire::RestartMode::fail;
    else if (key == "kill_timeout")
        for (wire::TaskSpec& task : alloc.group.tasks) task.kill_timeout = duration(value);
    else
        throw std::runtime_error("no such key: " + key);
}

}  // namespace

std::string Stage::play(const std::string& line) {
    said_.clear();
    const Words words = split(line);
    const std::string& verb = words.at(0);
    now_ = now_ + milliseconds(1);
    if (verb == "alloc") {
        begin(words);
    } else if (!alloc_) {
        throw std::runtime_error("a story begins with an alloc");
    } else if (verb == "node") {
        for (const wire::TaskSpec& task : desired_.group.tasks) unheard_.push_back(task.name);
        hear();
    } else if (verb == "silence") {
        silent_ = true;
    } else if (verb == "end") {
        silent_ = false;
        hear();
    } else if (verb == "recorded") {
        record();
    } else if (verb == "crash") {
        ++term_;
        live(recorded_ ? &*recorded_ : nullptr);
    } else if (verb == "stop") {
        desired_.desired = wire::Desired::stop;
        step(alloc_runner::Wanted{desired_});
    } else if (verb == "user_stop") {
        order_.stop = true;
        step(alloc_runner::Ordered{order_});
    } else if (verb == "restart") {
        ++order_.restarts[words.at(1)];
        step(alloc_runner::Ordered{order_});
    } else if (verb == "signal") {
        order_.signals.push_back({++signals_, words.at(1), words.at(2)});
        step(alloc_runner::Ordered{order_});
    } else if (verb == "wait") {
        pass(duration(words.at(1)));
    } else if (verb == "history") {
        return history(words.at(1));
    } else {
        observe(words);
    }
    return said_;
}

void Stage::begin(const Words& words) {
    desired_.id = "4f1c000000000000";
    desired_.job = "web";
    desired_.node = "n1";
    desired_.group.name = "front";
    for (const std::string& word : words) {
        if (word == "alloc" || word.find('=') != std::string::npos) continue;
        wire::TaskSpec task;
        task.leader = word.back() == '*';
        task.name = task.leader ? word.substr(0, word.size() - 1) : word;
        desired_.group.tasks.push_back(task);
    }
    for (const std::string& word : words)
        if (const std::size_t at = word.find('='); at != std::string::npos)
            set(desired_, word.substr(0, at), word.substr(at + 1));
    live(nullptr);
}

void Stage::live(const wire::AllocStatus* recorded) {
    told_.clear();
    unheard_.clear();
    shown_status_.clear();
    alloc_.emplace(desired_, recorded, alloc_runner::AllocRules{.term = term_});
    step(alloc_runner::Wanted{desired_});
    step(alloc_runner::Ordered{order_});
}

wire::IncarnationObserved& Stage::incarnation(const std::string& task, std::uint64_t seq) {
    auto& all = node_[task].incarnations;
    const auto at = std::find_if(all.begin(), all.end(), [seq](const auto& one) { return one.seq >= seq; });
    if (at != all.end() && at->seq == seq) return *at;
    wire::IncarnationObserved fresh;
    fresh.seq = seq;
    fresh.id = alloc_runner::incarnation_id(desired_.id, task, seq);
    return *all.insert(at, fresh);
}

void Stage::observe(const Words& words) {
    const std::string& verb = words.at(0);
    const std::string& task = words.at(1);
    const std::uint64_t seq = number(words.at(2));
    if (verb == "lost") {
        std::erase_if(node_[task].incarnations, [seq](const auto& one) { return one.seq == seq; });
        return publish(task);
    }
    wire::IncarnationObserved& one = incarnation(task, seq);
    if (verb == "running") {
        one.phase = RunPhase::running;
        one.pid = 4711;
        one.started_at = now_;
    } else if (verb == "exited") {
        one.phase = RunPhase::exited;
        one.finished_at = now_;
        one.exit.code = words.at(3) == "-1" ? -1 : static_cast<std::int32_t>(number(words.at(3)));
        if (words.size() > 4) one.exit.signal = static_cast<std::int32_t>(number(words[4]));
    } else if (verb == "failed") {
        one.phase = RunPhase::start_failed;
        one.finished_at = now_;
        one.recoverable = words.at(3) == "recoverable";
        for (std::size_t i = 4; i < words.size(); ++i) one.error += (i > 4 ? " " : "") + words[i];
    } else if (verb == "unstarted") {
        one.phase = RunPhase::never_started;
    } else if (verb == "signalled") {
        one.signals_applied = number(words.at(3));
    } else {
        throw std::runtime_error("no such word: " + verb);
    }
    publish(task);
}

void Stage::publish(const std::string& task) {
    unheard_.push_back(task);
    if (!silent_) hear();
}

void Stage::hear() {
    alloc_runner::Observations news;
    for (const std::string& task : unheard_) {
        const auto at = node_.find(task);
        news.emplace_back(task, at == node_.end() ? nullptr : &at->second);
    }
    unheard_.clear();
    step(news);
}

void Stage::record() {
    while (const wire::AllocReport* report = alloc_->report()) {
        recorded_ = report->status;
        step(alloc_runner::Recorded{*recorded_});
    }
    history_.insert(history_.end(), told_.begin(), told_.end());
    told_.clear();
}

void Stage::pass(Duration time) {
    const Instant end = now_ + time;
    while (wake_at_ <= end) {
        now_ = std::max(now_, wake_at_);
        step(alloc_runner::Wake{});
    }
    now_ = end;
}

// The node does at once what needs no process: it fences, it promises, it forgets.
void Stage::obey(const wire::TaskCommand& command) {
    wire::TaskObserved& observed = node_[command.task];
    observed.alloc = command.alloc;
    observed.task = command.task;
    observed.term = command.term;
    std::erase_if(observed.incarnations, [&](const auto& one) { return one.seq <= command.released; });
    if (command.verb == wire::Verb::stop) observed.floor = std::max(observed.floor, command.seq);
}

void Stage::step(const alloc_runner::AllocInput& input) {
    const alloc_runner::AllocDecision decision = alloc_->step(now_, input);
    wake_at_ = decision.wake_at;
    for (const wire::TaskEvent& event : decision.events) {
        told_.push_back(event);
        say(event.task + " #" + std::to_string(event.n) + " " + event.type + ": " + event.message);
    }
    for (const wire::TaskCommand& command : decision.commands) {
        obey(command);
        std::string line =
            "-> " + std::string(to_string(command.verb)) + " " + command.task + " " + std::to_string(command.seq);
        if (command.released > 0) line += ", released " + std::to_string(command.released);
        for (const wire::SignalOrder& signal : command.signals) line += ", " + signal.signal;
        say(line);
    }
    const wire::AllocStatus& status = alloc_->status();
    std::string shown = "= " + std::string(to_string(status.status));
    for (const wire::TaskStatus& task : status.tasks) {
        shown += ", " + task.name + " " + std::string(to_string(task.state));
        if (task.failed) shown += " failed";
        if (task.restarts > 0) shown += " restarts " + std::to_string(task.restarts);
    }
    if (shown != shown_status_) say(shown);
    shown_status_ = shown;
}

std::string Stage::history(const std::string& task) const {
    std::vector<wire::TaskEvent> all = history_;
    all.insert(all.end(), told_.begin(), told_.end());
    std::string result;
    for (auto event = all.rbegin(); event != all.rend(); ++event)
        if (event->task == task) result += event->type + " (" + event->message + ")\n";
    return result;
}

}  // namespace drover::scenario
