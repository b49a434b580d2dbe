#include "integration/subprocess.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/check.hpp"
#include "base/defer.hpp"
#include "integration/wait.hpp"

extern char** environ;

namespace drover::integration {
namespace {

std::vector<char*> pointers(Words& words) {
    std::vector<char*> out;
    for (std::string& word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
}

std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

pid_t spawn(const Words& argv, const Words& env, const std::string& out, const std::string& err) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const Defer destroy([&] { posix_spawn_file_actions_destroy(&actions); });
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    Words arguments = argv;
    Words environment = env;
    for (char** e = environ; *e != nullptr; ++e) environment.emplace_back(*e);
    pid_t pid = 0;
    const int error = posix_spawn(&pid, arguments[0].c_str(), &actions, nullptr, pointers(arguments).data(),
                                  pointers(environment).data());
    CHECK(error == 0);
    return pid;
}

int reap(pid_t child, Duration limit) {
    int status = 0;
    if (!eventually([&] { return waitpid(child, &status, WNOHANG) == child; }, limit)) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Outcome run(const Words& argv, const Words& env, Duration limit) {
    char folder[] = "/tmp/drover-run-XXXXXX";
    CHECK(mkdtemp(folder) != nullptr);
    const Defer remove([&] { std::filesystem::remove_all(folder); });
    const std::string out = std::string(folder) + "/out";
    const std::string err = std::string(folder) + "/err";
    Outcome outcome;
    outcome.code = reap(spawn(argv, env, out, err), limit);
    outcome.out = slurp(out);
    outcome.err = slurp(err);
    return outcome;
}

}  // namespace drover::integration
