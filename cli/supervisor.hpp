// Supervisor: keeps a few child processes running, and ends them in order. On a loop; nothing here blocks.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "os/spawn.hpp"
#include "rt/loop.hpp"

namespace drover::cli {

// How long to wait before a process that ended is started again: 20 ms, doubling to 2 s; from the start again after a
// process that lived for 5 s.
class RestartDelay {
   public:
    Duration after_exit(Instant started, Instant now);

   private:
    std::uint64_t attempt_ = 0;
};

struct ChildSpec {
    std::string name;  // for messages
    std::string path;
    std::vector<std::string> argv;
    std::vector<std::string> env;
    std::string log;  // file that its output is appended to
};

class Supervisor {
   public:
    // A transition of a child, in words.
    using Say = std::function<void(const std::string& name, const std::string& what)>;

    Supervisor(rt::Loop& loop, std::vector<ChildSpec> specs, Say say);
    // Children that still run are left alone.
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    // All of them, in the order given. A child that cannot be started is tried again like one that ended.
    void start();

    // Ends them one after the other, the last of the specs first: SIGTERM, SIGKILL after `limit`. Then calls `done`.
    void stop(Duration limit, std::function<void()> done);
    // SIGKILL for everything that still runs, now.
    void kill();

    // 0 while it does not run.
    pid_t pid(const std::string& name) const;

   private:
    struct Child {
        ChildSpec spec;
        RestartDelay delay;
        os::Process process;
        Instant started;
        rt::Token watch = 0;
        rt::Token timer = 0;
    };

    void launch(Child& child);
    void ended(Child& child);
    void again(Child& child, const std::string& what);
    void stop_next();

    rt::Loop& loop_;
    std::vector<std::unique_ptr<Child>> children_;
    Say say_;
    bool stopping_ = false;
    Duration stop_limit_;
    std::function<void()> stopped_;
};

}  // namespace drover::cli
