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

void LogPump::look() {
    timer_ = loop_.at(loop_.now() + kPoll, [this] { look(); });
    if (!exchange_.wanted(kOutput)) return logs_.clear();
    std::map<Topic, Log> wanted;
    int left = kAtRest;
    inventory_.each_standing([&](const TaskKey& key, const wire::TaskCommand& command) {
        const std::uint64_t rest = inventory_.at_rest(key);
        for (const char* stream : {"stdout", "stderr"}) {
            const Topic topic{command.job, key, stream};
            const auto known = logs_.find(topic);
            const bool is_known = known != logs_.end();
            const bool over = rest != 0 && is_known && known->second.whole && known->second.rest == rest;
            const bool later = rest != 0 && left == 0;
            if ((over || later) && is_known) wanted.insert(*known);
            if (over || later) continue;
            if (!exchange_.wanted(kOutput, command.job + "/" + key.alloc + "/" + key.task + "/" + stream)) continue;
            if (rest != 0) --left;
            Log& log = wanted[topic] = is_known ? known->second : Log();
            // What it said at its very end may come after its end.
            log.whole = pump(topic, log) && log.rest == rest;
            log.rest = rest;
        }
    });
    logs_ = std::move(wanted);
}

bool LogPump::pump(const Topic& topic, Log& log) {
    wire::LogRead read;
    read.alloc = topic.key.alloc;
    read.task = topic.key.task;
    read.stream = topic.stream;
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
        wire::TaskOutput output{topic.job, topic.key.alloc, topic.key.task, node_, topic.stream, chunk->offset,
                                {},        chunk->data};
        if (!chunk->marks.empty()) output.at = chunk->marks.front().at;
        log.next = static_cast<std::int64_t>(chunk->offset + chunk->data.size());
        ++said_;
        exchange_.sample(kOutput, ++log.pieces,
                         topic.job + "/" + topic.key.alloc + "/" + topic.key.task + "/" + topic.stream,
                         wire::TaskOutput::kName, wire::encode(output));
        if (chunk->offset + chunk->data.size() >= chunk->end) return true;
    }
    return false;
}

}  // namespace drover::driver_manager
