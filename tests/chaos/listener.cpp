#include "listener.hpp"

#include <poll.h>

#include <iterator>

namespace drover::chaos {

bool read_events(const Get& get, std::uint64_t& number, std::vector<Json>& events) {
    while (true) {
        const Json page = get("/v1/events?follow=false&since=" + std::to_string(number));
        if (!page.is_object() || !page.contains("events")) return false;
        for (const Json& event : page["events"]) events.push_back(event);
        number = page.value("next", number);
        if (!page.value("more", false)) return true;
    }
}

Listener::Listener(Get get)
    : get_(std::move(get)), thread_([this] {
          std::uint64_t number = 0;
          while (!over_) {
              std::vector<Json> fresh;
              read_events(get_, number, fresh);
              {
                  const std::lock_guard lock(mutex_);
                  std::move(fresh.begin(), fresh.end(), std::back_inserter(events_));
              }
              poll(nullptr, 0, 200);
          }
      }) {}

Listener::~Listener() {
    over_ = true;
    thread_.join();
}

std::vector<Json> Listener::events() const {
    const std::lock_guard lock(mutex_);
    return events_;
}

}  // namespace drover::chaos
