// Listener: a client that follows the event log through everything, always continuing after the last number it has.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace drover::chaos {

using Json = nlohmann::json;
// The answer to a GET of a path; null when there is none.
using Get = std::function<Json(const std::string& path)>;

// All events after `number`, page by page; false when an answer is missing.
bool read_events(const Get& get, std::uint64_t& number, std::vector<Json>& events);

class Listener {
   public:
    explicit Listener(Get get);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    std::vector<Json> events() const;

   private:
    Get get_;
    mutable std::mutex mutex_;
    std::vector<Json> events_;
    std::atomic<bool> over_{false};
    std::thread thread_;
};

}  // namespace drover::chaos
