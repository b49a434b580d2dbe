// What the tasks themselves have written about their lives (task/main.cpp).
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace drover::chaos {

struct Life {
    pid_t pid = 0;
    std::optional<int> code;  // with which it said that it would exit
};

// By "<alloc>.<task>", each life of a task in its order.
using Lives = std::map<std::string, std::vector<Life>>;

struct Truth {
    Lives lives;
    std::vector<std::string> offences;  // sentences: it ran beside another of the same task, a line that makes no sense
};

Truth read_truth(const std::string& dir);

}  // namespace drover::chaos
