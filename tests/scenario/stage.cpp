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

template <class E>
E word_of(const std::string& word) {
    const auto& names = wire::EnumNames<E>::kNames;
    const auto at = std::find(names.begin(), names.end(), word);
    if (at == names.end()) throw std::runtime_error("no such word: " + word);
    return static_cast<E>(at - names.begin());
}

// "a" and "b" of "a<mark>b"; all of it and nothing without the mark.
std::pair<std::string, std::string> cut(const std::string& text, char mark) {
    const std::size_t at = text.find(mark);
    if (at == std::string::npos) return {text, ""};
    return {text.substr(0, at), text.substr(at + 1)};
}

std::string rest(const std::vector<std::string>& words, std::size_t from) {
    std::string text;
    for (std::size_t i = from; i < words.size(); ++i) text += (i > from ? " " : "") + words[i];
    return text;
}

// "server", "server*" (the leader), "log@prestart", "log@prestart+sidecar"
wire::TaskSpec task_of(const std::string& word) {
    wire::TaskSpec task;
    const auto [head, lifecycle] = cut(word, '@');
    task.leader = head.back() == '*';
    task.name = task.leader ? head.substr(0, head.size() - 1) : head;
    const auto [hook, sidecar] = cut(lifecycle, '+');
    if (!hook.empty()) task.lifecycle.hook = word_of<wire::Hook>(hook);
    task.lifecycle.sidecar = sidecar == "sidecar";
    return task;
}

void set(wire::TaskSpec& task, const std::string& key, const std::string& value) {
    if (key == "kill_timeout") {
        task.kill_timeout = duration(value);
    } else if (key == "shutdown_delay") {
        task.shutdown_delay = duration(value);
    } else if (key == "pre_kill") {
        task.pre_kill = wire::Script{"/bin/true", {}, duration(value)};
    } else if (key == "ready") {
        task.ready = wire::ReadyProbe{value, 0, {}};
    } else if (key == "depends_on") {
        const auto [other, condition] = cut(value, ':');
        task.depends_on[other] = word_of<wire::Condition>(condition);
    } else {
        throw std::runtime_error("a task has no " + key);
    }
}

void set(wire::AllocDesired& alloc, const std::string& key, const std::string& value) {
    wire::RestartPolicy& restart = alloc.group.restart;
    const auto [head, tail] = cut(key, '.');
    if (key == "type") {
        alloc.type = word_of<wire::JobType>(value);
    } else if (key == "attempts") {
        restart.attempts = static_cast<std::uint32_t>(number(value));
    } else if (key == "interval") {
        restart.interval = duration(value);
    } else if (key == "delay") {
        restart.delay = duration(value);
    } else if (key == "mode") {
        restart.mode = word_of<wire::RestartMode>(value);
    } else if (key == "factor") {
        restart.factor = static_cast<double>(number(value));
    } else if (key == "max_run_duration") {
        alloc.group.max_run_duration = duration(value);
    } else {
        for (wire::TaskSpec& task : alloc.group.tasks)
            if (tail.empty() || task.name == head) set(task, tail.empty() ? key : tail, value);
    }
}

}  // namespace

std::string Stage::play(const std::string& line) {
    said_.clear();
    const Words words = split(line);
    const std::string& verb = words.at(0);
    const bool hurried = words.back() == "hurried";
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
        if (words.size() > 1) now_ = now_ - duration(words[1]);
        live(recorded_ ? &*recorded_ : nullptr);
    } else if (verb == "stop") {
        desired_.desired = wire::Desired::stop;
        desired_.no_shutdown_delay = hurried;
        step(alloc_runner::Wanted{desired_});
    } else if (verb == "user_stop") {
        order_.stop = true;
        order_.no_shutdown_delay = hurried;
        step(alloc_runner::Ordered{order_});
    } else if (verb == "restart") {
        ++order_.restarts[words.at(1)];
        if (hurried) ++order_.hurries[words.at(1)];
        step(alloc_runner::Ordered{order_});
    } else if (verb == "restart_all") {
        ++order_.restart_all;
        step(alloc_runner::Ordered{order_});
    } else if (verb == "may_change") {
        step(alloc_runner::MayChange{});
    } else if (verb == "render") {
        render(words);
    } else if (verb == "signal") {
        order_.signals.push_back({++signals_, words.at(1), words.at(2)});
        step(alloc_runner::Ordered{order_});
    } else if (verb == "wait") {
        pass(duration(words.at(1)));
    } else if (verb == "history") {
        return history(words.at(1));
    } else if (verb == "description") {
        return alloc_->status().description + "\n";
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
    desired_.created_at = now_;
    for (const std::string& word : words) {
        if (word == "alloc" || word.find('=') != std::string::npos) continue;
        desired_.group.tasks.push_back(task_of(word));
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
    } else if (verb == "ready") {
        one.ready = true;
    } else if (verb == "setup") {
        set_up(one, words);
    } else if (verb == "waits") {
        one.waits = rest(words, 3);
    } else if (verb == "vanished") {
        one.directory_gone = rest(words, 3);
    } else if (verb == "said") {
        one.driver_words.push_back({one.driver_words.size() + 1, now_, rest(words, 3)});
    } else if (verb == "pre_killed") {
        one.pre_kill_done = true;
        one.pre_kill_error = rest(words, 3);
    } else if (verb == "exited") {
        one.phase = RunPhase::exited;
        one.finished_at = now_;
        one.exit.code = words.at(3) == "-1" ? -1 : static_cast<std::int32_t>(number(words.at(3)));
        if (words.size() > 4) one.exit.signal = static_cast<std::int32_t>(number(words[4]));
    } else if (verb == "failed") {
        one.phase = RunPhase::start_failed;
        one.finished_at = now_;
        one.recoverable = words.at(3) == "recoverable";
        one.error = rest(words, 4);
    } else if (verb == "unstarted") {
        one.phase = RunPhase::never_started;
    } else if (verb == "signalled") {
        one.signals_applied = number(words.at(3));
        one.signal_error = rest(words, 4);
    } else if (verb == "session") {
        one.sessions.push_back(session(words));
    } else {
        throw std::runtime_error("no such word: " + verb);
    }
    publish(task);
}

// "setup server 1 artifacts begun", "... over", "... failed no such host"
void Stage::set_up(wire::IncarnationObserved& one, const Words& words) {
    const auto kind = word_of<wire::SetupKind>(words.at(3));
    if (one.steps.empty() || one.steps.back().kind != kind) one.steps.push_back({kind, now_, {}, false, ""});
    wire::SetupStep& step = one.steps.back();
    if (words.at(4) == "begun") return;
    step.over = true;
    step.took = now_ - step.began_at;
    step.error = rest(words, 5);
}

// "session server 1 1 began", "session server 1 2 over 137", "session server 1 2 over -1 the task has ended"
wire::SessionNote Stage::session(const Words& words) const {
    wire::SessionNote note;
    note.number = number(words.at(3));
    note.by = "alice";
    note.command = "sh -c date";
    note.at = now_;
    note.over = words.at(4) == "over";
    if (!note.over) return note;
    note.took = seconds(2);
    note.code = words.at(5) == "-1" ? -1 : static_cast<std::int32_t>(number(words.at(5)));
    note.error = rest(words, 6);
    return note;
}

// "render server restart", "render server restart 5s" (due then), "render server fresh", "render server stale stop 1m",
// "render server broken its script failed"
void Stage::render(const Words& words) {
    wire::TaskObserved& observed = node_[words.at(1)];
    if (!observed.render) observed.render.emplace();
    wire::RenderObserved& render = *observed.render;
    const std::string& what = words.at(2);
    if (what == "stale") {
        render.stale_since = now_;
        render.stale_why = "the state-store is away";
        render.on_stale = word_of<wire::OnStale>(words.at(3));
        render.stale_due = now_ + duration(words.at(4));
    } else if (what == "fresh") {
        render.stale_since = {};
    } else if (what == "broken") {
        ++render.act_failures;
        render.act_error = rest(words, 3);
    } else {
        ++render.number;
        render.mode = word_of<wire::ChangeMode>(what);
        render.signal = "SIGHUP";
        render.due_at = words.size() > 3 ? now_ + duration(words[3]) : now_;
    }
    publish(words.at(1));
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
        if (command.pre_kill) line += ", pre_kill";
        if (command.rendered > 0) line += ", rendered " + std::to_string(command.rendered);
        say(line);
    }
    const wire::AllocStatus& status = alloc_->status();
    std::string shown = "= " + std::string(to_string(status.status));
    for (const wire::TaskStatus& task : status.tasks) {
        shown += ", " + task.name + " " + std::string(to_string(task.state));
        if (task.failed) shown += " failed";
        if (task.restarts > 0) shown += " restarts " + std::to_string(task.restarts);
    }
    for (const wire::TaskStatus& task : status.tasks)
        if (task.why.find("waits for") == 0 && task.why.find("task") != std::string::npos)
            shown += "; " + task.name + " " + task.why;
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
