#include "driver-manager/launcher/spec_file.hpp"
#include "driver-manager/launcher/state.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"

namespace drover::launcher {

namespace {

constexpr Duration kFirstGap = milliseconds(2);
constexpr Duration kLongestGap = milliseconds(200);
constexpr Duration kGiveUp = seconds(15);
constexpr std::uint32_t kReplacements = 5;  // of supervisors in a row, each of which died within kSettled
constexpr Duration kSettled = seconds(10);
constexpr Duration kFirstPause = milliseconds(100);
constexpr Duration kLongestPause = seconds(5);

const char* const kLost = "the supervisor of the task was killed (executor lost)";
const char* const kRebooted = "the machine restarted while the task ran (executor lost)";

}  // namespace

void Launcher::State::shim_died(Run& run) {
    loop.cancel(std::exchange(run.on_death, 0));
    loop.cancel(std::exchange(run.retry, 0));
    disconnect(run);
    const std::optional<os::ExitStatus> status = os::reap(run.pidfd.get());
    run.pidfd.reset();
    const Record record = read_record(run.dir);
    if (record.state == RecordState::good && is_final(record.status)) {
        ended(run, to_observed(run.key.seq, record.status));
    } else if (record.state == RecordState::good) {
        lost_shim(run, record.status);
    } else if (run.last.phase == SHIM_RUNNING) {
        // Its record is damaged or gone, but it was heard that the task ran.
        begin_ending(run, ShimStatus(run.last));
    } else {
        const std::string code = status ? " with code " + std::to_string(status->code) : "";
        start_failed(run,
                     "the supervisor of the task ended" + code + " before it could write " + run.dir +
                         "/status; check that the disk is not full",
                     true);
    }
}

// A task that is none of its supervisor's children goes on without it, and another one finds it.
void Launcher::State::lost_shim(Run& run, const ShimStatus& last) {
    if (!replace_shim(run)) begin_ending(run, last);
}

bool Launcher::State::replace_shim(Run& run) {
    const std::string spec = os::read_file(run.dir + "/" + SHIM_SPEC_FILE, 4 << 20).value_or(std::string());
    const std::vector<std::string> programs = spec_values(spec, "supervisor");
    if (run.replaced_at.set() && loop.now() - run.replaced_at > kSettled) run.replaced = 0;
    if (programs.empty() || run.replaced == kReplacements) return false;
    run.replaced_at = loop.now();
    const Duration pause = run.replaced == 0 ? Duration{} : backoff(kFirstPause, run.replaced, kLongestPause);
    run.replaced += 1;
    run.retry = loop.at(loop.now() + pause, on_run(run, [this, program = programs[0]](Run& alone) {
                            if (const auto spawned = spawn(alone, program); !spawned) {
                                const Record record = read_record(alone.dir);
                                lost_shim(alone, record.state == RecordState::good ? record.status : alone.last);
                            }
                        }));
    return true;
}

void Launcher::State::begin_ending(Run& run, const ShimStatus& last) {
    run.stage = Stage::ending;
    run.last = last;
    run.leftovers.emplace(run.dir, last);
    run.give_up = loop.now() + kGiveUp;
    run.tries = 0;
    strike(run);
}

void Launcher::State::strike(Run& run) {
    if (run.leftovers->strike()) {
        close_record(run, run.last.boot == os::boot_number() ? kLost : kRebooted);
    } else if (loop.now() >= run.give_up) {
        close_record(run, std::string(kLost) + "; some of its processes did not end within " + to_string(kGiveUp) +
                              " of SIGKILL");
    } else {
        const Instant when = loop.now() + backoff(kFirstGap, run.tries++, kLongestGap);
        run.retry = loop.at(when, on_run(run, [this](Run& left) { strike(left); }));
    }
}

void Launcher::State::close_record(Run& run, const std::string& error) {
    ShimStatus status = run.last;
    const bool ran = status.phase == SHIM_RUNNING;
    status.phase = ran ? SHIM_EXITED : SHIM_START_FAILED;
    status.exit_code = ran ? -1 : 0;
    status.recoverable = !ran;
    status.finished_at = loop.now().ns;
    set_error(status, error);
    // When this fails a restart of the driver-manager finds the dead shim again and says the same.
    (void)write_record(run.dir, status);
    run.leftovers.reset();
    ended(run, to_observed(run.key.seq, status));
}

void Launcher::State::ended(Run& run, const wire::IncarnationObserved& seen) {
    for (rt::Token* token : {&run.on_death, &run.retry, &run.overdue, &run.watchdog})
        loop.cancel(std::exchange(*token, 0));
    disconnect(run);
    run.pidfd.reset();
    run.plan = {};
    run.signals.clear();
    run.stage = Stage::ended;
    run.seen = seen;
    changed_now(run);
    leave_start(run);
}

}  // namespace drover::launcher
