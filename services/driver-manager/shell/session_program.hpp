// SessionProgram: the running program of one session, and the socket to it.
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "os/pidfd.hpp"
#include "os/spawn.hpp"
#include "rt/loop.hpp"
#include "wire/session.hpp"

namespace drover::driver_manager {

class SessionProgram {
   public:
    // What it says; the last one has ended, or is nothing when it ended without a word. Called in later rounds; may
    // destroy this.
    using Heard = std::function<void(std::optional<wire::SessionObserved>)>;

    SessionProgram(rt::Loop& loop, Heard heard) : loop_(loop), heard_(std::move(heard)) {}
    // Hangs up, upon which it ends all of its command.
    ~SessionProgram();
    SessionProgram(const SessionProgram&) = delete;
    SessionProgram& operator=(const SessionProgram&) = delete;

    // `dir`: of the record of the run that it joins.
    Result<void> start(const std::string& program, const std::string& dir);

    // The whole of what is wanted, now or as soon as it listens; only the newest counts.
    void say(const wire::SessionDesired& desired);

   private:
    static constexpr Duration kRetry = milliseconds(20);
    static constexpr Duration kLeave = seconds(30);  // for one that was hung up on

    void hear();
    void send();
    // Waits for the end of a program without holding up anybody.
    static void bury(rt::Loop& loop, os::Process process);

    rt::Loop& loop_;
    Heard heard_;
    os::Process process_;
    UniqueFd socket_;
    std::string unsaid_;
    rt::Token on_word_ = 0;
    rt::Token retry_ = 0;
};

}  // namespace drover::driver_manager
