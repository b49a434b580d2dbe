#include "heritage.hpp"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "text.hpp"

namespace drover::shim {

namespace {

constexpr uint64_t kUnlimited = ~uint64_t{0};
constexpr int kIoOfProcess = 1;  // as linux/ioprio.h has it

// As the kernel takes it, whatever the C library makes of rlim_t.
struct Limit {
    uint64_t soft;
    uint64_t hard;
};

struct Ordinary {
    int resource;
    Limit limit;
};

// What the kernel gives its first process, without those that it computes from the size of the machine; of open files
// what the distributions agree on.
constexpr Ordinary kOrdinary[] = {
    {RLIMIT_CPU, {kUnlimited, kUnlimited}},
    {RLIMIT_FSIZE, {kUnlimited, kUnlimited}},
    {RLIMIT_DATA, {kUnlimited, kUnlimited}},
    {RLIMIT_STACK, {8 << 20, kUnlimited}},
    {RLIMIT_CORE, {0, kUnlimited}},
    {RLIMIT_RSS, {kUnlimited, kUnlimited}},
    {RLIMIT_NPROC, {kUnlimited, kUnlimited}},
    {RLIMIT_NOFILE, {1024, 524288}},
    {RLIMIT_MEMLOCK, {8 << 20, 8 << 20}},
    {RLIMIT_AS, {kUnlimited, kUnlimited}},
    {RLIMIT_LOCKS, {kUnlimited, kUnlimited}},
    {RLIMIT_SIGPENDING, {kUnlimited, kUnlimited}},
    {RLIMIT_MSGQUEUE, {819200, 819200}},
    {RLIMIT_NICE, {0, 0}},
    {RLIMIT_RTPRIO, {0, 0}},
    {RLIMIT_RTTIME, {kUnlimited, kUnlimited}},
};

void set_limit(int resource, const Limit& wanted) {
    if (syscall(SYS_prlimit64, 0, resource, &wanted, nullptr) == 0) return;
    Limit now{};
    if (syscall(SYS_prlimit64, 0, resource, nullptr, &now) != 0) return;
    now.soft = wanted.soft < now.hard ? wanted.soft : now.hard;
    syscall(SYS_prlimit64, 0, resource, &now, nullptr);
}

}  // namespace

void shed_heritage() {
    // Ours may be protected from the kernel's choice of victims, a task never is.
    write_text("/proc/self/oom_score_adj", "0");
    const sched_param none{};
    syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &none);
    setpriority(PRIO_PROCESS, 0, 0);
    syscall(SYS_ioprio_set, kIoOfProcess, 0, 0);
    for (const Ordinary& one : kOrdinary) set_limit(one.resource, one.limit);
}

}  // namespace drover::shim
