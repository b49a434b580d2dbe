// EventFeed: task events in order, by asking for pages until there are no more or while they come.
#pragma once

#include <functional>
#include <string>

#include "cli/client.hpp"
#include "cli/verb.hpp"

namespace drover::cli {

class EventFeed {
   public:
    // Events of `job`, or of every job when empty.
    EventFeed(Client client, std::string job) : client_(std::move(client)), job_(std::move(job)) {}

    // Begins after the event `number`.
    void start_after(std::uint64_t number) { next_ = number; }
    // Begins where the gateway takes `from` to be: "now", a number, how long ago, a point in time.
    void start_from(std::string from) { from_ = std::move(from); }
    // Begins with what is still to come.
    Result<void> start_at_head();
    // Is called with a sentence when events that were asked for are gone, before the first that are not.
    void on_gap(std::function<void(const Json&)> tell) { tell_gap_ = std::move(tell); }

    // Hands on what there is, oldest first. When there is nothing, waits for it at most `wait`.
    Result<void> read(Duration wait, const std::function<void(const Json&)>& each);

   private:
    Client client_;
    std::string job_;
    std::string from_;  // until the first page has come
    std::uint64_t next_ = 0;
    std::function<void(const Json&)> tell_gap_;
};

// "12:03:04.123  4f1c2a9b  server  Started  Task started by client"
std::string event_line(const Session& session, const Json& event, bool with_job);

}  // namespace drover::cli
