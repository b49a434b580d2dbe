// The tree that the tasks of an alloc work in, below one root:
//
//   <root>/<alloc>/alloc/{data,logs,tmp}        shared by the tasks of the alloc
//   <root>/<alloc>/<task>/{local,tmp,secrets}   of one task
//
// secrets is its user's alone, and in memory where possible (secrets.hpp).
//
// <root> is 0711, so that tasks reach their own directories and cannot list those of others.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "driver-manager/allocdir/secrets.hpp"

namespace drover::allocdir {

struct TaskDirs {
    std::string shared;  // <alloc>/alloc
    std::string logs;    // in it
    std::string root;    // <alloc>/<task>
    std::string local;   // in it, as the following
    std::string tmp;
    std::string secrets;
};

// Where they are, whether they exist or not.
TaskDirs paths(const std::string& root, const std::string& alloc, const std::string& task);

// Makes whatever is missing; may be repeated. `alloc` and `task` are plain names (os/files.hpp), and no task is called
// "alloc".
Result<TaskDirs> build(const std::string& root, const std::string& alloc, const std::string& task,
                       const Secrets& secrets = {});

// Every (alloc, task) that has a directory.
Result<std::vector<std::pair<std::string, std::string>>> list(const std::string& root);

// Takes the task's directory away at once, by a rename into <root>/.trash; with the alloc's last task goes the alloc.
// Its secrets in memory are gone with it; nothing else is removed yet, because that may take long.
Result<void> destroy(const std::string& root, const std::string& alloc, const std::string& task);

// Of any root, whoever has moved what there.
Result<void> empty_trash(
    const std::string& root, const std::function<bool()>& enough = [] { return false; });

}  // namespace drover::allocdir
