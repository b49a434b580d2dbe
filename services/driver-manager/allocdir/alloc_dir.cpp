#include "driver-manager/allocdir/alloc_dir.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/unique_fd.hpp"
#include "os/files.hpp"
#include "os/remove.hpp"
#include "os/trash.hpp"

namespace drover::allocdir {

namespace {

constexpr std::size_t kMaxEntries = 1 << 20;
constexpr const char* kShared = "alloc";
constexpr uid_t kNobody = 65534;

enum class Owner { us, nobody };

Result<void> make(const std::string& path, mode_t mode, Owner owner = Owner::us) {
    const Result<bool> made = os::make_dir(path, mode);
    if (!made) return tl::unexpected(made.error());
    if (!*made || owner == Owner::us || ::geteuid() != 0) return {};
    // By descriptor, because a task may put a link there in between.
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid() || ::fchown(fd.get(), kNobody, kNobody) != 0) {
        return fail_errno("cannot give " + path + " to the user nobody", errno);
    }
    return {};
}

Result<void> check_names(const std::string& alloc, const std::string& task) {
    if (os::is_plain_name(alloc) && os::is_plain_name(task) && task != kShared) return {};
    return fail(ErrorKind::invalid,
                "\"" + alloc + "/" + task + "\" cannot name the directory of a task; rename the task");
}

bool has_tasks(const std::string& alloc_dir) {
    const Result<std::vector<std::string>> names = os::list_dir(alloc_dir, kMaxEntries);
    if (!names) return names.error().kind != ErrorKind::not_found;
    return std::any_of(names->begin(), names->end(), [](const std::string& name) { return name != kShared; });
}

}  // namespace

TaskDirs paths(const std::string& root, const std::string& alloc, const std::string& task) {
    const std::string alloc_dir = root + "/" + alloc;
    const std::string task_dir = alloc_dir + "/" + task;
    return {.shared = alloc_dir + "/" + kShared,
            .logs = alloc_dir + "/" + kShared + "/logs",
            .root = task_dir,
            .local = task_dir + "/local",
            .tmp = task_dir + "/tmp",
            .secrets = task_dir + "/secrets"};
}

Result<TaskDirs> build(const std::string& root, const std::string& alloc, const std::string& task,
                       const Secrets& secrets) {
    if (const Result<void> good = check_names(alloc, task); !good) return tl::unexpected(good.error());
    const TaskDirs dirs = paths(root, alloc, task);
    Result<void> done = make(root, 0711);
    if (done) done = make(root + "/" + alloc, 0755);
    if (done) done = make(dirs.shared, 0777, Owner::nobody);
    for (const char* name : {"/data", "/logs", "/tmp"}) {
        if (done) done = make(dirs.shared + name, 0777, Owner::nobody);
    }
    if (done) done = make(dirs.root, 0777);
    if (done) done = make(dirs.local, 0777);
    if (done) done = make(dirs.tmp, 01777);
    if (done) done = make_secrets(dirs.secrets, secrets);
    if (!done) return tl::unexpected(done.error());
    return dirs;
}

Result<std::vector<std::pair<std::string, std::string>>> list(const std::string& root) {
    std::vector<std::pair<std::string, std::string>> out;
    const Result<std::vector<std::string>> allocs = os::list_dir(root, kMaxEntries);
    if (!allocs && allocs.error().kind == ErrorKind::not_found) return out;
    if (!allocs) return tl::unexpected(allocs.error());
    for (const std::string& alloc : *allocs) {
        if (!os::is_plain_name(alloc)) continue;
        const Result<std::vector<std::string>> tasks = os::list_dir(root + "/" + alloc, kMaxEntries);
        if (!tasks) return tl::unexpected(tasks.error());
        for (const std::string& task : *tasks) {
            if (os::is_plain_name(task) && task != kShared) out.emplace_back(alloc, task);
        }
    }
    return out;
}

Result<void> destroy(const std::string& root, const std::string& alloc, const std::string& task) {
    if (const Result<void> good = check_names(alloc, task); !good) return good;
    const std::string alloc_dir = root + "/" + alloc;
    // Before the move, so that a task's place in memory never outlasts its name; the trash tries again.
    (void)unmount_secrets(paths(root, alloc, task).secrets);
    Result<void> done = os::move_to_trash(root, alloc_dir + "/" + task);
    if (done && !has_tasks(alloc_dir)) done = os::move_to_trash(root, alloc_dir);
    return done;
}

Result<void> empty_trash(const std::string& root, const std::function<bool()>& enough) {
    const std::string trash = os::trash_of(root);
    const Result<std::vector<std::string>> names = os::list_dir(trash, kMaxEntries);
    if (!names && names.error().kind == ErrorKind::not_found) return {};
    if (!names) return tl::unexpected(names.error());
    Result<void> first;
    for (const std::string& name : *names) {
        if (enough()) break;
        (void)unmount_secrets(trash + "/" + name + "/secrets");
        const Result<void> removed = os::remove_tree(trash + "/" + name);
        if (first && !removed) first = removed;
    }
    return first;
}

}  // namespace drover::allocdir
