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
    inventory_.each_standing([&](const TaskKey& key, const wire::TaskCommand& command) {
        for (const char* stream : {"stdout", "stderr"}) {
            if (!exchange_.wanted(kOutput, command.job + "/" + key.alloc + "/" + key.task + "/" + stream)) continue;
            const Topic topic{command.job, key, stream};
            const auto known = logs_.find(topic);
            pump(topic, wanted[topic] = known == logs_.end() ? Log() : known->second);
        }
    });
    logs_ = std::move(wanted);
}

void LogPump::pump(const Topic& topic, Log& log) {
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
            return;
        }
        if (log.next < 0) {
            log.next = static_cast<std::int64_t>(chunk->end);
            return;
        }
        if (chunk->data.empty()) return;
        wire::TaskOutput output{topic.job, topic.key.alloc, topic.key.task, node_, topic.stream, chunk->offset,
                                {},        chunk->data};
        if (!chunk->marks.empty()) output.at = chunk->marks.front().at;
        log.next = static_cast<std::int64_t>(chunk->offset + chunk->data.size());
        ++said_;
        exchange_.sample(kOutput, ++log.pieces,
                         topic.job + "/" + topic.key.alloc + "/" + topic.key.task + "/" + topic.stream,
                         wire::TaskOutput::kName, wire::encode(output));
        if (chunk->offset + chunk->data.size() >= chunk->end) return;
    }
}

}  // namespace drover::driver_manager
