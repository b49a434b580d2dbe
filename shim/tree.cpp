#include "tree.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.hpp"
#include "text.hpp"

namespace drover::shim {

namespace {

using Visit = void (*)(pid_t pid, pid_t* first);

void note(pid_t pid, pid_t* first) {
    if (*first == 0) *first = pid;
}

void strike(pid_t pid, pid_t*) { kill(pid, SIGKILL); }

// Kernels built without the list of children: every process whose parent that is.
struct Search {
    pid_t parent;
    Visit visit;
    pid_t* first;
};

void if_child(void* context, const char* name) {
    const Search* search = static_cast<const Search*>(context);
    uint64_t pid = 0;
    if (!parse_number(name, INT32_MAX, &pid) || parent_of(static_cast<pid_t>(pid)) != search->parent) return;
    search->visit(static_cast<pid_t>(pid), search->first);
}

void search_proc(pid_t parent, Visit visit, pid_t* first) {
    const int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    Search search{parent, visit, first};
    each_entry(fd, if_child, &search);
    close(fd);
}

void each_child(pid_t parent, Visit visit, pid_t* first) {
    char path[64];
    char text[2048];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", static_cast<int>(parent), static_cast<int>(parent));
    if (read_text(path, text, sizeof text) < 0) {
        search_proc(parent, visit, first);
        return;
    }
    // A number cut off by the buffer has no blank behind it and waits for the next round.
    for (char* at = text; char* blank = strchr(at, ' '); at = blank + 1) {
        *blank = 0;
        uint64_t pid = 0;
        if (parse_number(at, INT32_MAX, &pid) && pid > 0) visit(static_cast<pid_t>(pid), first);
    }
}

}  // namespace

bool strike_tree(const Spec& spec) {
    const bool empty = kill_cgroups(spec);
    each_child(getpid(), strike, nullptr);
    return empty;
}

pid_t any_child(pid_t parent) {
    pid_t first = 0;
    each_child(parent, note, &first);
    return first;
}

}  // namespace drover::shim
