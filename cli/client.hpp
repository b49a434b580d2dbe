// Client: the gateway's API. Every call has a deadline.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "cli/json.hpp"
#include "cli/place.hpp"

namespace drover::cli {

class Client {
   public:
    explicit Client(const Environment& environment) : environment_(environment) {}

    Result<Json> get(const std::string& path) { return call("GET", path, ""); }
    Result<Json> post(const std::string& path, const std::string& body) { return call("POST", path, body); }
    Result<Json> put(const std::string& path, const std::string& body) { return call("PUT", path, body); }
    Result<Json> remove(const std::string& path) { return call("DELETE", path, ""); }

    // Hands on bytes as they arrive until the end, or until `sink` returns false.
    Result<void> stream(const std::string& path, const std::function<bool(std::string_view)>& sink);

    // How long a gateway that is being restarted is waited for, and how long an answer may take.
    void set_limits(Duration reach, Duration answer) {
        reach_ = reach;
        answer_ = answer;
    }

   private:
    Result<Json> call(const std::string& method, const std::string& path, const std::string& body);

    Environment environment_;
    Duration reach_ = seconds(1);
    Duration answer_ = seconds(40);
};

// "/v1/events?job=web&since=5", names and values encoded. Parameters with an empty value are left out.
std::string with_query(const std::string& path, const std::vector<std::pair<std::string, std::string>>& parameters);
std::string encode_segment(std::string_view text);

}  // namespace drover::cli
