// Tap: listens in on the bus, for monitors. Blocking, without a loop; sees what is published while it listens.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "bus/curve.hpp"

namespace drover::bus {

class Tap {
   public:
    // `prefix` of topics, "" for everything. Endpoints as in parse_endpoint.
    static Result<std::unique_ptr<Tap>> open(const std::vector<std::string>& endpoints, const std::string& prefix,
                                             const CurveConfig& curve = {});
    ~Tap();

    // The next message, waiting at most `wait` (an ended wait or a signal: false).
    bool next(std::string& topic, std::string& payload, Duration wait);

   private:
    struct State;
    explicit Tap(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace drover::bus
