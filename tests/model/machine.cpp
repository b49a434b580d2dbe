#include "machine.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "driver-manager/core/phases.hpp"
#include "wire/codec.hpp"

namespace drover::model {

using driver_manager::Action;
using driver_manager::Decision;
using driver_manager::is_live;
using wire::RunPhase;

void Machine::die() {
    inventory_.reset();
    beside_.clear();
    heard_fence_ = 0;
    hears_ = 0;
}

void Machine::start() {
    ++epoch_;
    heard_fence_ = fence_;
    inventory_.emplace();
    inventory_->adopt(fence_);
    for (auto& [key, directory] : directories_) {
        std::vector<wire::IncarnationObserved> found;
        for (auto& [seq, shim] : directory.shims) {
            shim.fresh = false;
            if (!without_.adoption || !is_live(shim.state.phase)) found.push_back(shim.state);
        }
        if (without_.floor) directory.floor = 0;
        if (!found.empty() || directory.floor > 0) inventory_->adopt(key, directory.floor, found);
    }
}

Decision Machine::decide(const wire::TaskCommand& said) {
    wire::TaskCommand command = said;
    if (without_.fence) command.term = std::max(command.term, heard_fence_);
    const Key key{command.alloc, command.task};
    Decision decision = inventory_->command(command);
    if (!decision.refused.empty()) return decision;
    heard_fence_ = std::max(heard_fence_, command.term);
    Beside& beside = beside_[key];
    beside.term = said.term;
    beside.released = std::max(beside.released, said.released);
    hears_ = said.term;
    if (decision.actions.empty()) obey();
    return decision;
}

// Before anything else of the command is done: what is not done was not heard.
void Machine::obey() {
    obeyed_ = std::max(obeyed_, hears_);
    hears_ = 0;
}

Decision Machine::look(const Key& key, std::uint64_t seq) {
    Shim& seen = shim(key, seq);
    seen.fresh = false;
    return inventory_->report(key, seen.state);
}

void Machine::carry_out(const Action& action) {
    obey();
    Directory& directory = directories_[action.key];
    switch (action.kind) {
        case Action::Kind::launch: return launch(action);
        case Action::Kind::stop:
            shim(action.key, action.seq).stopped = true;
            beside_[action.key].stops.insert(action.seq);
            return;
        case Action::Kind::release: directory.shims.erase(action.seq); return;
        case Action::Kind::set_floor:
            directory.floor = std::max(directory.floor, action.seq);
            promised_[action.key] = std::max(promised_[action.key], action.seq);
            return;
        case Action::Kind::set_fence: fence_ = std::max(fence_, action.seq); return;
        case Action::Kind::signal:
        case Action::Kind::destroy:
        case Action::Kind::pre_kill:
        case Action::Kind::probe:
        case Action::Kind::recall: break;
    }
    CHECK(false && "nobody asks for this in the model");
}

void Machine::launch(const Action& action) {
    const auto break_promise = [this](const char* promise) {
        if (broken_.empty()) broken_ = promise;
    };
    if (live() > 0) break_promise("at most one incarnation of a task lives");
    if (action.seq <= promised_[action.key]) break_promise("nothing starts at or below its floor");
    if (!launched_.insert(action.id).second) break_promise("an incarnation starts once");
    if (beside_[action.key].term < obeyed_) break_promise("who was deposed starts nothing");
    Shim& shim = directories_[action.key].shims[action.seq];
    shim.state.seq = action.seq;
    shim.state.id = action.id;
}

void Machine::run(const Key& key, std::uint64_t seq) {
    Shim& one = shim(key, seq);
    one.state.phase = RunPhase::running;
    one.state.pid = static_cast<std::int64_t>(100 + seq);
    one.state.started_at = kNow;
    one.fresh = up();
}

void Machine::end(const Key& key, std::uint64_t seq, RunPhase how, std::int32_t code) {
    Shim& one = shim(key, seq);
    one.state.phase = how;
    one.state.finished_at = kNow;
    one.fresh = up();
    if (how == RunPhase::exited) {
        one.state.exit.code = code;
        ended_.insert(one.state.id);
    }
    if (how == RunPhase::start_failed) {
        one.state.error = "no such file";
        one.state.recoverable = true;
    }
}

std::size_t Machine::live() const {
    std::size_t count = 0;
    for (const auto& [key, directory] : directories_)
        for (const auto& [seq, shim] : directory.shims) count += is_live(shim.state.phase) ? 1 : 0;
    return count;
}

NodeNews Machine::news() const {
    NodeNews news;
    news.epoch = epoch_;
    if (!inventory_) return news;
    for (const Key& key : inventory_->tasks()) news.tasks[{key.alloc, key.task}] = *inventory_->observed(key);
    return news;
}

std::string Machine::bytes() const {
    Bytes bytes;
    bytes.add(epoch_).add(fence_).add(obeyed_).add(hears_).add(heard_fence_).add(up());
    bytes.add(directories_.size());
    for (const auto& [key, directory] : directories_) {
        wire::TaskObserved runs;
        runs.alloc = key.alloc;
        runs.task = key.task;
        runs.floor = directory.floor;
        for (const auto& [seq, shim] : directory.shims) {
            runs.incarnations.push_back(shim.state);
            bytes.add(shim.stopped).add(shim.fresh);
        }
        bytes.add(wire::encode(runs));
    }
    for (const auto& [key, promised] : promised_) bytes.add(key.task).add(promised);
    for (const auto* set : {&launched_, &ended_}) {
        bytes.add(set->size());
        for (const std::string& id : *set) bytes.add(id);
    }
    bytes.add(broken_);
    if (!inventory_) return bytes.take();
    bytes.add(beside_.size());
    for (const auto& [key, beside] : beside_) {
        bytes.add(beside.term).add(beside.released).add(beside.stops.size());
        for (const std::uint64_t seq : beside.stops) bytes.add(seq);
        const wire::TaskCommand* command = inventory_->standing(key);
        bytes.add(command != nullptr);
        if (command) bytes.add(wire::encode(*command));
    }
    return bytes.add(news().bytes()).take();
}

}  // namespace drover::model
