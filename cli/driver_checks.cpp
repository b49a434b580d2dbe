#include "cli/driver_checks.hpp"

#include <poll.h>

#include <csignal>

#include "ipc/line.hpp"
#include "wire/codec.hpp"

namespace drover::cli {
namespace {

using wire::DriverAnswer;
using wire::DriverCall;
using wire::DriverFailure;
using wire::DriverTask;
using wire::DriverVerb;

constexpr Duration kQuick = seconds(10);
constexpr Duration kStart = seconds(60);
constexpr Duration kStop = seconds(5);

DriverCall make(DriverVerb verb, const std::string& id = "") { return ipc::make_call(verb, id); }

DriverCall make(DriverVerb verb, const DriverTask& task) {
    DriverCall call = make(verb, task.id);
    call.task = task;
    return call;
}

tl::unexpected<Error> wrong(const std::string& what) { return fail(ErrorKind::invalid, what); }

// One call on a connection of its own; a failure of the driver is an error.
Result<DriverAnswer> ask(const DriverStand& stand, const DriverCall& call, Duration limit = kQuick) {
    auto talk = stand.talk();
    if (!talk) return tl::unexpected(talk.error());
    auto answer = talk->call(call, limit);
    const std::string verb(to_string(call.verb));
    if (!answer) return fail(answer.error().kind, verb + ": " + answer.error().message);
    if (answer->failure != DriverFailure::none)
        return fail(ErrorKind::refused,
                    verb + " failed, " + std::string(to_string(answer->failure)) + ": " + answer->error);
    return answer;
}

// The call has to fail in this way, with a sentence.
Result<void> refuses(const DriverStand& stand, const DriverCall& call, DriverFailure expected) {
    auto talk = stand.talk();
    if (!talk) return tl::unexpected(talk.error());
    const auto answer = talk->call(call, kQuick);
    if (!answer) return tl::unexpected(answer.error());
    const std::string verb(to_string(call.verb));
    if (answer->failure != expected)
        return wrong(verb + " said " + std::string(to_string(answer->failure)) + " where " +
                     std::string(to_string(expected)) + " is right");
    if (answer->error.empty()) return wrong(verb + " failed without a sentence in \"error\"");
    return {};
}

Result<DriverTask> sample(DriverStand& stand, const std::string& name) {
    const auto hello = ask(stand, make(DriverVerb::handshake));
    if (!hello) return tl::unexpected(hello.error());
    return stand.task(hello->samples, name);
}

Result<wire::DriverTaskState> state_of(const Result<DriverAnswer>& answer) {
    if (!answer) return tl::unexpected(answer.error());
    if (!answer->state) return wrong("the answer has no \"state\"");
    return *answer->state;
}

// Started, and running.
Result<DriverTask> running(DriverStand& stand) {
    auto task = sample(stand, "runs");
    if (!task) return task;
    const auto state = state_of(ask(stand, make(DriverVerb::start, *task), kStart));
    if (!state) return tl::unexpected(state.error());
    if (!state->running) return wrong("the sample \"runs\" has ended at once");
    return task;
}

Result<wire::DriverTaskState> wait(const DriverStand& stand, const DriverTask& task, Duration timeout) {
    DriverCall call = make(DriverVerb::wait, task.id);
    call.timeout = timeout;
    return state_of(ask(stand, call, timeout + kQuick));
}

Result<wire::DriverTaskState> stop(const DriverStand& stand, const DriverTask& task) {
    DriverCall call = make(DriverVerb::stop, task.id);
    call.signal = "SIGTERM";
    call.timeout = kStop;
    if (const auto stopped = ask(stand, call, kStop + kQuick); !stopped) return tl::unexpected(stopped.error());
    auto state = wait(stand, task, kStop + kQuick);
    if (state && state->running) return wrong("it runs although it was stopped");
    return state;
}

Result<void> restart(DriverStand& stand) {
    stand.kill();
    return stand.launch();
}

// ---- the checks

Result<void> shakes_hands(DriverStand& stand) {
    const auto answer = ask(stand, make(DriverVerb::handshake));
    if (!answer) return tl::unexpected(answer.error());
    if (answer->version < wire::kDriverOldest || answer->version > wire::kDriverNewest)
        return wrong("it speaks version " + std::to_string(answer->version));
    if (answer->name != stand.name())
        return wrong("it calls itself \"" + answer->name + "\", and its file \"" + stand.name() + "\"");
    return {};
}

Result<void> refuses_versions(DriverStand& stand) {
    DriverCall call = make(DriverVerb::handshake);
    call.oldest = call.newest = 9999;
    return refuses(stand, call, DriverFailure::unsupported);
}

Result<void> refuses_verbs(DriverStand& stand) {
    auto talk = stand.talk();
    if (!talk) return tl::unexpected(talk.error());
    std::string bytes = wire::encode(make(DriverVerb::fingerprint));
    bytes.replace(bytes.find("fingerprint"), 11, "dance-waltz");
    talk->send({0, 0, 0, static_cast<char>(bytes.size())});
    talk->send(bytes);
    const auto answer = talk->hear(kQuick);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->failure != DriverFailure::unsupported)
        return wrong("it said " + std::string(to_string(answer->failure)) + " where unsupported is right");
    return {};
}

Result<void> outlives_nonsense(DriverStand& stand) {
    for (const std::string& bytes : {std::string("\xff\xff\xff\xff"), std::string("GET / HTTP/1.1\r\n\r\n"),
                                     std::string("\0\0\0\3abc", 7), std::string("\0\0\0\1\x80", 5)}) {
        auto talk = DriverTalk::open(stand.home());
        if (!talk) return tl::unexpected(talk.error());
        talk->send(bytes);
    }
    if (const auto answer = ask(stand, make(DriverVerb::fingerprint)); !answer) return tl::unexpected(answer.error());
    return stand.lives() ? Result<void>() : wrong("it has ended; its last words: " + stand.last_words());
}

Result<void> tells_how_it_is(DriverStand& stand) {
    const auto answer = ask(stand, make(DriverVerb::fingerprint));
    if (!answer) return tl::unexpected(answer.error());
    if (!answer->info) return wrong("the answer has no \"info\"");
    if (!answer->info->detected || !answer->info->healthy)
        return wrong("it is not healthy here: " + answer->info->description);
    return {};
}

Result<void> runs_a_task(DriverStand& stand) {
    const auto task = sample(stand, "ends");
    if (!task) return tl::unexpected(task.error());
    const auto started = state_of(ask(stand, make(DriverVerb::start, *task), kStart));
    if (!started) return tl::unexpected(started.error());
    const auto state = wait(stand, *task, kStart);
    if (!state) return tl::unexpected(state.error());
    if (state->running || state->exit.code != 7)
        return wrong("the sample \"ends\" has to end with code 7, not " + std::to_string(state->exit.code));
    if (stand.output(*task).find('\n') == std::string::npos)
        return wrong("the sample \"ends\" has to write a line to stdout, and nothing came through the pipe");
    const auto again = wait(stand, *task, {});
    if (!again) return tl::unexpected(again.error());
    if (again->running || again->exit.code != 7) return wrong("asked again, it tells another end");
    if (const auto gone = ask(stand, make(DriverVerb::destroy, task->id)); !gone) return tl::unexpected(gone.error());
    return refuses(stand, make(DriverVerb::wait, task->id), DriverFailure::not_found);
}

Result<void> starts_once(DriverStand& stand) {
    const auto task = running(stand);
    if (!task) return tl::unexpected(task.error());
    if (const auto twice = refuses(stand, make(DriverVerb::start, *task), DriverFailure::conflict); !twice)
        return twice;
    const auto state = stop(stand, *task);
    return state ? Result<void>() : tl::unexpected(state.error());
}

Result<void> waits_in_time(DriverStand& stand) {
    const auto task = running(stand);
    if (!task) return tl::unexpected(task.error());
    const auto state = wait(stand, *task, milliseconds(200));
    if (!state) return tl::unexpected(state.error());
    if (!state->running) return wrong("the sample \"runs\" has ended by itself");
    DriverCall events = make(DriverVerb::events);
    events.timeout = milliseconds(100);
    events.after = 1'000'000;
    if (const auto answer = ask(stand, events); !answer) return tl::unexpected(answer.error());
    const auto stopped = stop(stand, *task);
    return stopped ? Result<void>() : tl::unexpected(stopped.error());
}

Result<void> tells_usage(DriverStand& stand) {
    const auto task = running(stand);
    if (!task) return tl::unexpected(task.error());
    const auto answer = ask(stand, make(DriverVerb::stats));
    if (!answer) return tl::unexpected(answer.error());
    bool told = false;
    for (const wire::DriverTaskUsage& usage : answer->usage) told = told || (usage.id == task->id && usage.memory > 0);
    if (!told) return wrong("stats says nothing of a task that runs");
    const auto stopped = stop(stand, *task);
    return stopped ? Result<void>() : tl::unexpected(stopped.error());
}

Result<void> sends_signals(DriverStand& stand) {
    const auto task = running(stand);
    if (!task) return tl::unexpected(task.error());
    DriverCall call = make(DriverVerb::signal, task->id);
    call.signal = "SIGNONSENSE";
    if (const auto refused = refuses(stand, call, DriverFailure::invalid); !refused) return refused;
    call.signal = "SIGKILL";
    if (const auto sent = ask(stand, call); !sent) return tl::unexpected(sent.error());
    const auto state = wait(stand, *task, kStop);
    if (!state) return tl::unexpected(state.error());
    if (state->running) return wrong("it runs on after SIGKILL");
    if (state->exit.code != 137 || state->exit.signal != SIGKILL)
        return wrong("an end by SIGKILL has code 137 and signal 9, not " + std::to_string(state->exit.code) + " and " +
                     std::to_string(state->exit.signal));
    return {};
}

Result<void> knows_what_it_knows(DriverStand& stand) {
    for (const DriverVerb verb : {DriverVerb::wait, DriverVerb::stop, DriverVerb::signal}) {
        DriverCall call = make(verb, "nobody");
        call.signal = "SIGTERM";
        if (const auto refused = refuses(stand, call, DriverFailure::not_found); !refused) return refused;
    }
    const auto task = sample(stand, "runs");
    if (!task) return tl::unexpected(task.error());
    return refuses(stand, make(DriverVerb::recover, *task), DriverFailure::not_found);
}

Result<void> finds_its_tasks(DriverStand& stand) {
    const auto task = running(stand);
    if (!task) return tl::unexpected(task.error());
    const auto before = state_of(ask(stand, make(DriverVerb::recover, *task)));
    if (!before) return tl::unexpected(before.error());
    if (const auto back = restart(stand); !back) return back;
    const auto after = state_of(ask(stand, make(DriverVerb::recover, *task)));
    if (!after) return tl::unexpected(after.error());
    if (!after->running) return wrong("the task has ended with the driver");
    if (after->pid != before->pid) return wrong("the task has another pid than before");
    const auto state = stop(stand, *task);
    return state ? Result<void>() : tl::unexpected(state.error());
}

Result<void> finds_their_ends(DriverStand& stand) {
    const auto task = sample(stand, "ends");
    if (!task) return tl::unexpected(task.error());
    if (const auto started = ask(stand, make(DriverVerb::start, *task), kStart); !started)
        return tl::unexpected(started.error());
    stand.kill();
    for (int looks = 0; looks < 500 && DriverStand::roots(*task) > 0; ++looks) ::poll(nullptr, 0, 10);
    if (const auto back = stand.launch(); !back) return back;
    auto state = state_of(ask(stand, make(DriverVerb::recover, *task)));
    if (state && state->running) state = wait(stand, *task, kQuick);
    if (!state) return tl::unexpected(state.error());
    return state->running || state->exit.code != 7
               ? wrong("its end is told as code " + std::to_string(state->exit.code))
               : Result<void>();
}

// As a node does: the driver dies somewhere in the start, is asked for the task, and starts it if it does not know it.
Result<void> starts_at_most_once(DriverStand& stand) {
    for (const int pause : {0, 3, 10, 30, 60, 100}) {
        const auto task = sample(stand, "runs");
        if (!task) return tl::unexpected(task.error());
        {
            auto talk = stand.talk();
            if (!talk) return tl::unexpected(talk.error());
            (void)talk->call(make(DriverVerb::start, *task), milliseconds(pause));
        }
        if (const auto back = restart(stand); !back) return back;
        const auto found = state_of(ask(stand, make(DriverVerb::recover, *task), kStart));
        if (!found) {
            const auto started = state_of(ask(stand, make(DriverVerb::start, *task), kStart));
            if (!started) return tl::unexpected(started.error());
        }
        const std::size_t roots = DriverStand::roots(*task);
        if (roots > 1) return wrong("a start that was cut off after " + std::to_string(pause) + " ms happened twice");
        if (const auto state = stop(stand, *task); !state) return tl::unexpected(state.error());
    }
    return {};
}

}  // namespace

const std::vector<DriverCheck>& driver_checks() {
    static const std::vector<DriverCheck> checks = {
        {"It shakes hands, and calls itself as its file is named", shakes_hands},
        {"It refuses a version of the protocol that it does not speak", refuses_versions},
        {"It refuses a verb that it does not know", refuses_verbs},
        {"It outlives nonsense on its socket", outlives_nonsense},
        {"It tells how it is", tells_how_it_is},
        {"A task runs, its output comes, and its end is told as often as asked", runs_a_task},
        {"The same start is refused a second time", starts_once},
        {"A wait comes back in time, whatever there is to tell", waits_in_time},
        {"What a task uses is told", tells_usage},
        {"Signals reach a task, and its end by one is told", sends_signals},
        {"What it does not know it does not know", knows_what_it_knows},
        {"After kill -9 it finds its tasks again, with their processes", finds_its_tasks},
        {"An end that came while it was away is told as it was", finds_their_ends},
        {"A start that kill -9 has cut off happens at most once", starts_at_most_once},
    };
    return checks;
}

}  // namespace drover::cli
