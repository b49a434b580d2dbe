// What the system has recorded, held against what has happened. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ledger.hpp"
#include "truth.hpp"

namespace drover::chaos {

using Json = nlohmann::json;
using Sentences = std::vector<std::string>;

// Every life of every task has ended, and its end stands in the log once, in its order, with its code. `compared` is
// how many ends there were.
Sentences compare_exits(const Lives& lives, const Ends& ends, const std::vector<Json>& log, std::uint64_t& compared);

// Numbers grow, and the events of each task are numbered from 1 without a hole.
Sentences check_log(const std::vector<Json>& log);

// Whoever followed the log through everything has heard the same.
Sentences compare_logs(const std::vector<Json>& heard, const std::vector<Json>& log);

// Of what runs for ever only those lives have ended that the run itself has ended.
Sentences find_harm(const Lives& lives, const Ends& ends);

}  // namespace drover::chaos
