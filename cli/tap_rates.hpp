// How much each service says in each of its streams.
#pragma once

#include <map>
#include <string>

#include "bus/loss.hpp"
#include "bus/recording.hpp"
#include "cli/verb.hpp"

namespace drover::cli {

class TapRates {
   public:
    explicit TapRates(const std::string& prefix) : loss_(prefix) {}

    void count(const bus::Heard& heard);
    // What was counted in `span`, a row for each sender and stream, the busiest first; counting begins anew.
    Json take(Duration span);

   private:
    struct Count {
        std::uint64_t messages = 0;
        std::uint64_t records = 0;
        std::uint64_t bytes = 0;
        std::uint64_t missed = 0;
    };

    static constexpr std::size_t kMaxRows = 1000;

    bus::Loss loss_;
    std::map<std::pair<std::string, std::string>, Count> counts_;  // of sender and stream
};

std::string rates_text(const Json& rates);

}  // namespace drover::cli
