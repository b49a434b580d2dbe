#include "logs/lines.hpp"

#include <algorithm>
#include <utility>

namespace drover::logs {

std::string hole_text(std::uint64_t bytes) {
    return "[drover: " + std::to_string(bytes) + " bytes of output were removed by rotation before they could be read]";
}

bool Lines::take(const wire::LogChunk& chunk) {
    std::string_view data = chunk.data;
    std::uint64_t at = chunk.offset;
    if (!started_) position_ = at;
    started_ = true;
    if (at + data.size() <= position_) return false;
    if (at < position_) {
        data.remove_prefix(position_ - at);
        at = position_;
    }
    auto mark = chunk.marks.begin();
    const auto time_at = [&](std::uint64_t offset) {
        for (; mark != chunk.marks.end() && mark->offset <= offset; ++mark) last_at_ = mark->at;
        return last_at_;
    };
    if (at > position_) {
        finish();
        removed_ += at - position_;
        lines_.push_back({time_at(at), hole_text(at - position_), at});
    }
    position_ = at + data.size();
    while (!data.empty()) {
        const std::size_t end = data.find('\n');
        const std::size_t size = std::min(end == std::string_view::npos ? data.size() : end + 1, kLongest);
        add(data.substr(0, size), time_at(at), at + size);
        data.remove_prefix(size);
        at += size;
    }
    return true;
}

void Lines::add(std::string_view piece, Instant at, std::uint64_t end) {
    if (begun_.text.empty()) begun_.at = at;
    begun_.text += piece;
    begun_.end = end;
    if (begun_.text.back() == '\n') {
        begun_.text.pop_back();
        lines_.push_back(std::exchange(begun_, {}));
    } else if (begun_.text.size() >= kLongest) {
        finish();
    }
}

void Lines::finish() {
    if (!begun_.text.empty()) lines_.push_back(std::exchange(begun_, {}));
}

Line Lines::pop() {
    Line line = std::move(lines_.front());
    lines_.pop_front();
    return line;
}

}  // namespace drover::logs
