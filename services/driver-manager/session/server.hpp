// Server: one session, from the side of its command. Whoever asked for it is at the other end of a socket that keeps
// message boundaries, and says a whole wire::SessionDesired whenever it changes; a whole wire::SessionObserved is
// answered whenever that changes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/time.hpp"
#include "driver-manager/session/command.hpp"
#include "driver-manager/session/task.hpp"
#include "wire/session.hpp"

namespace drover::session {

class Server {
   public:
    // `socket` stays open. The working directory is that of the task's incarnation.
    explicit Server(int socket) : socket_(socket) {}

    // Returns when the command has ended and all of its output was heard, or when the other side is gone.
    void run();

   private:
    bool hear();
    void begin();
    void apply();
    void give_input();
    void take_output(bool first, bool second);
    void look_for_end();
    void end(int code, const std::string& error);
    void say();
    bool may_say_more() const { return said_.output_number == wanted_.heard; }
    int wait_ms() const;

    int socket_;
    wire::SessionDesired wanted_;
    wire::SessionObserved said_;
    bool unsaid_ = false;
    std::optional<Task> task_;
    std::unique_ptr<Command> command_;
    std::size_t given_ = 0;  // of the piece of input under way
    bool input_over_ = false;
    std::int64_t quiet_since_ = 0;  // monotonic: of a command that has ended, its last output
};

// Runs the words beside the task in whose incarnation's directory we are, with that environment, without input, their
// output discarded. The exit code; 126 or 127 when they could not be started, 124 when they were ended at the limit, or
// because `given_up` says so; then the sentence that says so is in `why`.
int run_plainly(const Wanted& wanted, Duration limit, const std::function<bool()>& given_up, std::string& why);

}  // namespace drover::session
