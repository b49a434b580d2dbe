#include "work.hpp"

namespace drover::chaos {
namespace {

constexpr int kAllocs = 5;  // a job
constexpr int kTasks = 2;   // an alloc

std::string task(const std::string& name, const std::string& truth_dir, const char* course) {
    return "      - { name: " + name + ", driver: raw_exec, config: { command: " + DROVER_CHAOS_TASK + ", args: [\"" +
           truth_dir + "\", " + course + "] } }\n";
}

std::string head(const std::string& name, const char* type, int count, const char* restart) {
    return "job: " + name + "\ntype: " + type + "\ngroups:\n  - name: group\n    count: " + std::to_string(count) +
           "\n    restart: { " + restart + " }\n    tasks:\n";
}

// Attempts that never run out.
constexpr const char* kAlways = "attempts: 10000, interval: 8784h, delay: 300ms, mode: delay";

JobText standing(const std::string& name, bool for_ever, const std::string& truth_dir) {
    JobText job{name, head(name, "service", kAllocs, kAlways), kAllocs * kTasks, for_ever};
    for (int i = 0; i < kTasks; ++i) {
        const std::string number = std::to_string(i);
        job.document +=
            for_ever ? task("stays-" + number, truth_dir, "for-ever") : task("crashes-" + number, truth_dir, "crash");
    }
    return job;
}

}  // namespace

std::vector<JobText> standing_jobs(int tasks, const std::string& truth_dir) {
    std::vector<JobText> jobs;
    for (int i = 0; i * kAllocs * kTasks < tasks; ++i) {
        const bool for_ever = i % 10 < 7;
        jobs.push_back(standing((for_ever ? "stays-" : "crashes-") + std::to_string(i), for_ever, truth_dir));
    }
    return jobs;
}

JobText short_job(std::uint64_t number, const std::string& truth_dir) {
    const std::string name = "once-" + std::to_string(number);
    return {name, head(name, "batch", 2, "attempts: 0, mode: fail") + task("once", truth_dir, "once"), 2, false};
}

bool runs_for_ever(const std::string& task) { return task.find(".stays-") != std::string::npos; }
bool runs_once(const std::string& task) { return task.ends_with(".once"); }

}  // namespace drover::chaos
