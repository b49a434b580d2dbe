#include "driver-manager/shell/log_pump.hpp"

#include <algorithm>

#include "driver-manager/shell/log_desk.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

constexpr const char* kOutput = "task/log";

}  // namespace

LogPump::LogPump(rt::Loop& loop, bus::Exchange& exchange, const Inventory& inventory, Hands& hands, std::string node)
    : loop_(loop), exchange_(exchange), inventory_(inventory), hands_(hands), node_(std::move(node)) {}

LogPump::~LogPump() { loop_.cancel(timer_); }

void LogPump::start() { look(); }

std::size_t LogPump::pumped() const {
    std::size_t count = 0;
    for (const auto& [key, task] : logs_)
        for (const Log& log : task.logs) count += log.heard ? 1 : 0;
    return count;
}

void LogPump::look() {
    timer_ = loop_.at(loop_.now() + kPoll, [this] { look(); });
    if (!exchange_.wanted(kOutput)) return logs_.clear();
    ++round_;
    int left = kAtRest;
    inventory_.each_standing(
        [&](const TaskKey& key, const wire::TaskCommand& command) { look_at(key, command, left); });
    std::erase_if(logs_, [this](const auto& entry) { return entry.second.round != round_; });
}

void LogPump::look_at(const TaskKey& key, const wire::TaskCommand& command, int& left) {
    const std::uint64_t rest = inventory_.at_rest(key);
    TaskLogs& task = logs_[key];
    task.round = round_;
    const bool rested = rest != 0 && task.rest == rest;
    task.rest = rest;
    const auto ends = task.ends ? task.ends() : std::array<std::int64_t, 2>{-1, -1};
    for (std::size_t i = 0; i < std::size(kStreams); ++i) {
        Log& log = task.logs[i];
        if ((rested && log.heard && log.whole) || (rest != 0 && left == 0)) continue;
        log.heard = exchange_.wanted(kOutput, command.job + "/" + key.alloc + "/" + key.task + "/" + kStreams[i]);
        if (!log.heard) {
            log = Log();
            continue;
        }
        const bool nothing_new = log.next >= 0 && ends[i] == log.next;
        if (rest != 0 && !nothing_new) --left;
        // What it said at its very end may come after its end.
        log.whole = (nothing_new || pump(command.job, key, kStreams[i], log)) && rested;
        if (!task.ends) task.ends = hands_.log_ends(key);
    }
    // Its files need not stay open.
    const auto idle = [](const Log& log) { return !log.heard || log.whole; };
    if (std::all_of(std::begin(task.logs), std::end(task.logs), idle)) task.ends = nullptr;
}

bool LogPump::pump(const std::string& job, const TaskKey& key, const char* stream, Log& log) {
    wire::LogRead read;
    read.alloc = key.alloc;
    read.task = key.task;
    read.stream = stream;
    read.limit = LogDesk::kMaxChunk;
    read.marks = true;
    for (int i = 0; i < kPieces; ++i) {
        read.offset = log.next;
        // Who begins to listen hears what comes from then on.
        if (log.next < 0) read.limit = 0;
        const auto chunk = hands_.read_log(read);
        if (!chunk) {
            // It has not begun, so all of it is still to come.
            log.next = std::max<std::int64_t>(log.next, 0);
            return true;
        }
        if (log.next < 0) {
            log.next = static_cast<std::int64_t>(chunk->end);
            return true;
        }
        if (chunk->data.empty()) return true;
        wire::TaskOutput output{job, key.alloc, key.task, node_, stream, chunk->offset, {}, chunk->data};
        if (!chunk->marks.empty()) output.at = chunk->marks.front().at;
        log.next = static_cast<std::int64_t>(chunk->offset + chunk->data.size());
        ++said_;
        exchange_.sample(kOutput, ++log.pieces, job + "/" + key.alloc + "/" + key.task + "/" + stream,
                         wire::TaskOutput::kName, wire::encode(output));
        if (chunk->offset + chunk->data.size() >= chunk->end) return true;
    }
    return false;
}

}  // namespace drover::driver_manager
