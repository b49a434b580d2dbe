// Sessions: commands that users run beside a task. Both sides say a whole state; output and input go a piece at a time,
// each numbered, and the next one follows once the other side has said the number of the last.
#pragma once

#include "wire/desired.hpp"

namespace drover::wire {

inline constexpr std::size_t kSessionPiece = 16 << 10;  // bytes of output or input at most in one piece

// Stream "session/<gateway>", key "<node>/<id>", as long as the session is wanted.
struct SessionDesired {
    std::string id;
    std::string node;
    std::string alloc;
    std::string task;
    std::vector<std::string> command;  // as typed; nothing in it is replaced
    std::string by;                    // who, as the gateway knows it
    bool tty = false;                  // on a terminal of its own; then all output is "stdout"
    std::string tty_type;              // what programs find as TERM
    std::uint32_t rows = 0;            // of the terminal; 0: not known
    std::uint32_t columns = 0;
    bool takes_input = false;          // else its input is empty
    std::uint64_t input_number = 0;    // of `input`, from 1; 0: none yet
    std::string input;                 // the newest piece
    bool input_ended = false;          // nothing follows it
    std::uint64_t heard = 0;           // pieces of output up to this one have arrived
    std::vector<SignalOrder> signals;  // the last 16; `task` is empty

    static constexpr std::string_view kName = "SessionDesired";
    static constexpr auto fields() {
        return std::tuple(field("id", &SessionDesired::id), field("node", &SessionDesired::node),
                          field("alloc", &SessionDesired::alloc), field("task", &SessionDesired::task),
                          field("command", &SessionDesired::command), field("by", &SessionDesired::by),
                          field("tty", &SessionDesired::tty), field("tty_type", &SessionDesired::tty_type),
                          field("rows", &SessionDesired::rows), field("columns", &SessionDesired::columns),
                          field("takes_input", &SessionDesired::takes_input),
                          field("input_number", &SessionDesired::input_number), binary("input", &SessionDesired::input),
                          field("input_ended", &SessionDesired::input_ended), field("heard", &SessionDesired::heard),
                          field("signals", &SessionDesired::signals));
    }
    friend bool operator==(const SessionDesired&, const SessionDesired&) = default;
};

enum class SessionPhase { starting, running, ended };
WIRE_ENUM(SessionPhase, "starting", "running", "ended");

// Stream "sessionseen/<gateway>", key "<id>".
struct SessionObserved {
    std::string id;
    SessionPhase phase = SessionPhase::starting;
    std::int32_t code = 0;            // of one that has ended: 128 + signal when signalled; -1 when it was cut off
    std::string error;                // why it did not begin, or was cut off
    std::uint64_t heard = 0;          // pieces of input up to this one were taken
    std::uint64_t output_number = 0;  // of `output`, from 1; 0: none yet
    std::string stream;               // "stdout" or "stderr", of `output`
    std::string output;               // the newest piece
    std::uint64_t signals_applied = 0;
    std::string signal_error;  // of the last of them

    static constexpr std::string_view kName = "SessionObserved";
    static constexpr auto fields() {
        return std::tuple(field("id", &SessionObserved::id), field("phase", &SessionObserved::phase),
                          field("code", &SessionObserved::code), field("error", &SessionObserved::error),
                          field("heard", &SessionObserved::heard),
                          field("output_number", &SessionObserved::output_number),
                          field("stream", &SessionObserved::stream), binary("output", &SessionObserved::output),
                          field("signals_applied", &SessionObserved::signals_applied),
                          field("signal_error", &SessionObserved::signal_error));
    }
    friend bool operator==(const SessionObserved&, const SessionObserved&) = default;
};

}  // namespace drover::wire
