// What a tap shows of a message: the envelope and the bodies within it decoded, filtered by what was asked for.
#pragma once

#include <string>
#include <vector>

#include "bus/loss.hpp"
#include "bus/recording.hpp"
#include "cli/verb.hpp"

namespace drover::cli {

// Every condition has to hold; of records that do not meet them nothing is shown.
struct TapFilter {
    std::vector<std::string> kinds;                           // any of them; none: any kind
    std::string key;                                          // is part of the record's key
    std::vector<std::pair<std::string, std::string>> values;  // field of the body, its value as text
    std::string from;                                         // the id of who says it

    bool empty() const { return kinds.empty() && key.empty() && values.empty() && from.empty(); }
};

// "type=Terminated" -> {"type", "Terminated"}.
Result<std::pair<std::string, std::string>> parse_condition(const std::string& text);

// null when nothing of it passes the filter. "missed": how many records of its stream went by unheard before it.
Json tap_json(const bus::Heard& heard, const TapFilter& filter, bus::Loss& loss);
std::string tap_text(const Session& session, const Json& message);

}  // namespace drover::cli
