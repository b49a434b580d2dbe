// Traffic: counts the requests that were answered. From any thread.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "metrics/page.hpp"

namespace drover::gateway {

class Traffic {
   public:
    using Clock = std::chrono::steady_clock::time_point;
    static Clock begin() { return std::chrono::steady_clock::now(); }
    void end(Clock begun, const std::string& method, int status);

    void measure(metrics::Page& page) const;

   private:
    mutable std::mutex mutex_;
    std::map<std::pair<std::string, int>, std::uint64_t> answers_;  // by method and status
    metrics::Histogram took_;
};

}  // namespace drover::gateway
