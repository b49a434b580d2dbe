// Children: short-lived programs that the driver-manager runs itself, each in a session of its own and never longer
// than its limit. They die with the driver-manager.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "os/pidfd.hpp"
#include "os/spawn.hpp"
#include "rt/loop.hpp"

namespace drover::setup {

struct Child {
    os::SpawnOptions options;  // its session and its standard descriptors are set here
    std::string input;         // what it reads from standard input
    Duration limit;            // then all of it is killed
    bool heard = false;        // is its standard output kept? Else it is discarded; standard error always is
    bool winds_up = false;     // SIGTERM tells it to end itself; nothing but its limit is then met with SIGKILL
    // Of one that is heard: gets each of its lines as it comes, which then are not kept.
    std::function<void(const std::string& line)> on_line{};
};

struct ChildEnd {
    os::ExitStatus status;
    bool overdue = false;  // it was killed at its limit
    std::string said;      // the first 4 KiB of its standard output, if it is heard; it must not write much more
};

class Children {
   public:
    using Id = std::uint64_t;
    using Ended = std::function<void(const ChildEnd&)>;

    static constexpr std::size_t kMaxSaid = 4096;

    explicit Children(rt::Loop& loop) : loop_(loop) {}
    // Kills all that are left.
    ~Children();
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;

    // `ended` is called once, in a later round, unless the child is killed before. What it has started in its session
    // ends with it.
    Result<Id> start(Child child, Ended ended);

    // Kills it and everything in its session's group, or has it wind up; nothing is heard of it any more. An id that is
    // not known is a no-op.
    void kill(Id id);

    std::size_t size() const { return running_.size(); }

   private:
    struct Running {
        os::Process process;
        UniqueFd output;
        Ended ended;
        std::function<void(const std::string& line)> on_line;
        std::string begun;  // of a line
        bool winds_up = false;
        bool overdue = false;
        rt::Token on_end = 0;
        rt::Token on_output = 0;
        rt::Token at_limit = 0;
    };

    void end(Id id);
    void hear(Id id);

    rt::Loop& loop_;
    std::map<Id, Running> running_;
    Id last_ = 0;
};

}  // namespace drover::setup
