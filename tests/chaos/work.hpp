// The jobs that a run has to keep alive, and the short ones that it submits in between.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace drover::chaos {

struct JobText {
    std::string name;
    std::string document;
    int tasks = 0;
    bool for_ever = false;  // none of its tasks ever ends by itself
};

// About seven tenths that run for ever, the others end by themselves with a code and are restarted.
std::vector<JobText> standing_jobs(int tasks, const std::string& truth_dir);

// Batch tasks that run once.
JobText short_job(std::uint64_t number, const std::string& truth_dir);

// Of the key of a task, "<alloc>.<task>".
bool runs_for_ever(const std::string& task);
bool runs_once(const std::string& task);

}  // namespace drover::chaos
