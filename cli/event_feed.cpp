#include "cli/event_feed.hpp"

#include <algorithm>

namespace drover::cli {
namespace {

std::string pad(std::string text, std::size_t width) {
    text.resize(std::max(text.size(), width), ' ');
    return text;
}

}  // namespace

Result<void> EventFeed::start_at_head() {
    auto page = client_.get("/v1/events?follow=false&since=head&limit=1");
    if (!page) return tl::unexpected(page.error());
    next_ = page->value("next", 0ULL);
    return {};
}

Result<void> EventFeed::read(Duration wait, const std::function<void(const Json&)>& each) {
    while (true) {
        auto page = client_.get(with_query("/v1/events", {{"follow", "false"},
                                                          {"since", from_.empty() ? std::to_string(next_) : ""},
                                                          {"from", from_},
                                                          {"job", job_},
                                                          {"wait", std::to_string(wait.ms())}}));
        if (!page) return tl::unexpected(page.error());
        // Who asked for all there is has not asked for what is gone.
        if (page->contains("gap") && tell_gap_ && (next_ > 0 || !from_.empty())) tell_gap_((*page)["gap"]);
        from_.clear();
        for (const Json& event : (*page)["events"]) each(event);
        next_ = std::max<std::uint64_t>(next_, page->value("next", 0ULL));
        if (!page->value("more", false)) return {};
        wait = {};
    }
}

std::string event_line(const Session& session, const Json& event, bool with_job) {
    std::string line = session.paint(clock({event.value("time", 0LL)}, session.now()), Tone::dim) + "  ";
    if (with_job) line += pad(event.value("job", ""), 12) + "  ";
    const std::string type = event.value("type", "");
    const Tone tone = type == "Not Restarting" || type == "Driver Failure" ? Tone::bad : Tone::plain;
    line += pad(short_id(event.value("alloc", "")), 8) + "  " + pad(event.value("task", ""), 10) + "  " +
            session.paint(pad(type, 19), tone) + "  " + printable(event.value("message", ""));
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
}

}  // namespace drover::cli
