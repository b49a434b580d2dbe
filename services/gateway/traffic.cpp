#include "gateway/traffic.hpp"

#include <algorithm>

namespace drover::gateway {
namespace {

constexpr std::string_view kMethods[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};

}  // namespace

void Traffic::end(Clock begun, const std::string& method, int status) {
    const std::chrono::duration<double> took = begin() - begun;
    const bool known = std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
    const std::lock_guard lock(mutex_);
    ++answers_[{known ? method : "other", status}];
    took_.observe(took.count());
}

void Traffic::measure(metrics::Page& page) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [what, count] : answers_) {
        page.add(metrics::metric("drover_http_requests_total"), {what.first, std::to_string(what.second)},
                 static_cast<double>(count));
    }
    page.add(metrics::metric("drover_http_request_seconds"), {}, took_);
}

}  // namespace drover::gateway
