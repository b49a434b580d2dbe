#include "cgroup.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "text.hpp"

namespace drover::shim {

namespace {

constexpr int kMaxDepth = 8;
constexpr long kCgroup2Magic = 0x63677270;

// Calls `visit` with an open directory for `dir` and each group below it, the deepest first.
struct Walk {
    int dir_fd;
    int depth;
    void (*visit)(void* context, int dir_fd);
    void* context;
};

void walk_below(void* context, const char* name) {
    const Walk* outer = static_cast<const Walk*>(context);
    const int fd = openat(outer->dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    Walk inner{fd, outer->depth + 1, outer->visit, outer->context};
    if (inner.depth < kMaxDepth) each_directory(fd, walk_below, &inner);
    outer->visit(outer->context, fd);
    close(fd);
}

void walk(const char* dir, void (*visit)(void* context, int dir_fd), void* context) {
    const Walk top{AT_FDCWD, 0, visit, context};
    walk_below(const_cast<Walk*>(&top), dir);
}

// Reads cgroup.procs in pieces; a pid may be split between two.
void for_each_pid(int dir_fd, void (*each)(int* count, pid_t pid), int* count) {
    const int fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    char buffer[512];
    pid_t pid = 0;
    ssize_t n = 0;
    while ((n = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < n; ++i) {
            if (buffer[i] != '\n') {
                pid = pid * 10 + (buffer[i] - '0');
                continue;
            }
            each(count, pid);
            pid = 0;
        }
    }
    close(fd);
}

void count_pid(int* count, pid_t) { *count += 1; }

void kill_pid(int* count, pid_t pid) {
    *count += 1;
    // 0 would be our own process group.
    if (pid > 0) kill(pid, SIGKILL);
}

bool write_at(int dir_fd, const char* name, const char* text) {
    const int fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = write(fd, text, strlen(text)) > 0;
    close(fd);
    return done;
}

void count_group(void* context, int dir_fd) { for_each_pid(dir_fd, count_pid, static_cast<int*>(context)); }

void kill_group(void* context, int dir_fd) {
    if (write_at(dir_fd, "cgroup.kill", "1")) return;
    // Frozen, so that nothing can fork away between being listed and being killed.
    const bool frozen = write_at(dir_fd, "freezer.state", "FROZEN");
    for_each_pid(dir_fd, kill_pid, static_cast<int*>(context));
    if (frozen) write_at(dir_fd, "freezer.state", "THAWED");
}

// The number behind `word` in a file of the group; 0 when there is none.
uint64_t number_in(const char* dir, const char* name, const char* word) {
    char path[512];
    char text[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (read_text(path, text, sizeof text) < 0) return 0;
    const char* at = strstr(text, word);
    return at ? strtoull(at + strlen(word), nullptr, 10) : 0;
}

// The runtime takes some 20 ms of a processor, which would be seconds for a task with little of one.
bool waits(const Spec& spec, const char* setting) { return spec.isolated && strstr(setting, "/cpu."); }

bool set(const char* setting, char* error, size_t error_size) {
    char path[512];
    const char* equals = strchr(setting, '=');
    const size_t length = equals ? static_cast<size_t>(equals - setting) : sizeof path;
    if (length < sizeof path) {
        memcpy(path, setting, length);
        path[length] = 0;
        if (write_text(path, equals + 1)) return true;
    }
    snprintf(error, error_size, "cannot set the limit %s: %s", setting, strerror(errno));
    return false;
}

void remove_group(void*, int dir_fd) {
    char path[40];
    char name[512];
    snprintf(path, sizeof path, "/proc/self/fd/%d", dir_fd);
    const ssize_t n = readlink(path, name, sizeof name - 1);
    if (n <= 0) return;
    name[n] = 0;
    rmdir(name);
}

}  // namespace

bool make_cgroups(const Spec& spec, char* error, size_t error_size) {
    for (int i = 0; i < spec.cgroup_count; ++i) {
        if (mkdir(spec.cgroups[i], 0755) == 0 || errno == EEXIST) continue;
        snprintf(error, error_size, "cannot make the control group %s: %s", spec.cgroups[i], strerror(errno));
        return false;
    }
    kill_cgroups(spec);
    for (int i = 0; i < spec.setting_count; ++i)
        if (!waits(spec, spec.settings[i]) && !set(spec.settings[i], error, error_size)) return false;
    return true;
}

bool limit_cpu(const Spec& spec, char* error, size_t error_size) {
    for (int i = 0; i < spec.setting_count; ++i)
        if (waits(spec, spec.settings[i]) && !set(spec.settings[i], error, error_size)) return false;
    return true;
}

int open_unified(const Spec& spec) {
    const int fd = spec.cgroup_count > 0 ? open(spec.cgroups[0], O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    struct statfs st {};
    if (fd < 0 || (fstatfs(fd, &st) == 0 && st.f_type == kCgroup2Magic)) return fd;
    close(fd);
    return -1;
}

bool join_cgroups(const Spec& spec, bool but_first) {
    for (int i = but_first ? 1 : 0; i < spec.cgroup_count; ++i) {
        const int dir = open(spec.cgroups[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        const bool joined = dir >= 0 && write_at(dir, "cgroup.procs", "0");
        if (dir >= 0) close(dir);
        if (!joined) return false;
    }
    return true;
}

bool kill_cgroups(const Spec& spec) {
    int found = 0;
    for (int i = 0; i < spec.cgroup_count; ++i) walk(spec.cgroups[i], count_group, &found);
    for (int i = 0, killed = 0; found > 0 && i < spec.cgroup_count; ++i) walk(spec.cgroups[i], kill_group, &killed);
    return found == 0;
}

bool saw_oom(const Spec& spec, MemoryUse* use) {
    for (int i = 0; i < spec.cgroup_count; ++i) {
        const char* dir = spec.cgroups[i];
        if (number_in(dir, "memory.events", "\noom_kill ") > 0) {
            *use = {number_in(dir, "memory.peak", ""), number_in(dir, "memory.max", "")};
            return true;
        }
        if (number_in(dir, "memory.oom_control", "\noom_kill ") > 0) {
            *use = {number_in(dir, "memory.max_usage_in_bytes", ""), number_in(dir, "memory.limit_in_bytes", "")};
            return true;
        }
    }
    return false;
}

void remove_cgroups(const Spec& spec) {
    for (int i = 0; i < spec.cgroup_count; ++i) walk(spec.cgroups[i], remove_group, nullptr);
}

}  // namespace drover::shim
