#include "driver-manager/sinks/course.hpp"

namespace drover::sinks {

Course::Course(wire::LogSink sink, Origin origin, const Sent& sent)
    : sink_(sink), origin_(std::move(origin)), sent_(sent), dropped_before_(sent.dropped), lines_(sent.position) {}

Course::Rest Course::go(const Read& read, std::uint64_t end, Outlet& outlet, Instant now) {
    if (lines_.empty() && lines_.position() < end) {
        const auto slice = read(lines_.position());
        if (!slice) return Rest::long_;
        wire::LogChunk chunk;
        chunk.offset = slice->offset;
        chunk.data = slice->data;
        chunk.marks = slice->marks;
        if (lines_.take(chunk)) grew_at_ = now;
    } else if (lines_.unfinished() && lines_.position() >= end && now - grew_at_ > kPatience) {
        lines_.finish();
    }
    for (int i = 0; i < kMost && !lines_.empty(); ++i) {
        const logs::Line& line = lines_.front();
        const bool taken = outlet.send(
            sink_ == wire::LogSink::syslog ? syslog_message(origin_, line) : journal_message(origin_, line), now);
        if (!taken) return i > 0 ? Rest::some : Rest::blocked;
        sent_ = {line.end, dropped_before_ + lines_.removed()};
        (void)lines_.pop();
    }
    return lines_.empty() && lines_.position() >= end ? Rest::long_ : Rest::none;
}

}  // namespace drover::sinks
