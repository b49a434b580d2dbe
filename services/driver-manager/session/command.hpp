// Command: what a session runs beside its task, however that task is kept.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "shim/spec.hpp"
#include "wire/session.hpp"

namespace drover::session {

struct Output {
    std::string_view stream;  // "stdout" or "stderr"
    std::string bytes;        // at most wire::kSessionPiece; empty: nothing now
};

class Command {
   public:
    // Ends all of it that is left.
    virtual ~Command() = default;

    // Readable when there is something of it, or its end; -1: no output any more.
    virtual std::array<int, 2> outputs() const = 0;
    // Is there some of the first that its descriptor does not tell of?
    virtual bool holds_output() const { return false; }
    virtual Output read(std::size_t output) = 0;

    // Writable when input is taken; -1: none is taken any more.
    virtual int input() const = 0;
    // How many of the bytes were taken; 0: none now.
    virtual std::size_t write(std::string_view bytes) = 0;
    virtual void end_input() = 0;

    virtual void resize(std::uint32_t rows, std::uint32_t columns) = 0;
    virtual Result<void> signal(int number) = 0;

    // Readable once it has ended; -1: the end of its output says so.
    virtual int end() const = 0;
    // Its exit code, 128 + signal when signalled, once it has ended; then everything it started is ended too.
    virtual std::optional<int> code() = 0;
};

// What a session wants to run, and how.
struct Wanted {
    std::vector<std::string> words;
    std::optional<std::vector<std::string>> env{};  // "NAME=value", instead of the task's
    bool tty = false;
    std::string tty_type{};
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    bool takes_input = false;
};

// Of a task whose start `task` describes, in whose incarnation's directory we are. Errors of kind not_found: there is
// no such command, or no task any more.
Result<std::unique_ptr<Command>> start(const shim::Spec& task, const Wanted& wanted);

// Of a process, isolated or not, and of a container.
Result<std::unique_ptr<Command>> start_process(const shim::Spec& task, const Wanted& wanted);
Result<std::unique_ptr<Command>> start_in_container(const shim::Spec& task, const Wanted& wanted);

}  // namespace drover::session
