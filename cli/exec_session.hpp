// ExecSession: a command that runs beside a task, seen from the terminal of whoever runs it. Output comes on one
// thread, input goes on another, and signals and the end are waited for on the caller's.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "cli/exec_frames.hpp"
#include "cli/terminal.hpp"
#include "cli/verb.hpp"

namespace drover::cli {

struct ExecOptions {
    std::string alloc;
    std::string task;
    std::vector<std::string> command;
    bool input = false;
    bool tty = false;
};

class ExecSession {
   public:
    ExecSession(const Session& session, const ExecOptions& options);

    // Runs it to its end; the exit code. What it prints comes on the session's output as it is.
    int run();

   private:
    Result<void> open();
    std::string path(const std::string& verb) const { return "/v1/exec/" + id_ + verb; }
    void read_output();
    void send_input();
    // A signal that this program gets. False: it shall end.
    bool pass_on(int signal);
    void wait();
    void take(std::string_view stream, std::string_view bytes);
    int report(int signal) const;

    const Session& session_;
    const ExecOptions& options_;
    std::string id_;
    UniqueFd signals_;   // those that are passed on
    UniqueFd finished_;  // readable once all of the output was read
    UniqueFd leaving_;   // readable once no more input is wanted
    ExecFrames frames_;
    std::string broken_;  // why the output ended before its end
    std::atomic<bool> left_{false};
    int ended_by_ = 0;  // a signal
};

}  // namespace drover::cli
