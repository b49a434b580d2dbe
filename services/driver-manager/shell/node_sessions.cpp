// What NodeHands knows of commands that users run beside its tasks.
#include "driver-manager/core/session_notes.hpp"
#include "driver-manager/shell/node_hands.hpp"
#include "host/log.hpp"

namespace drover::driver_manager {

Result<launcher::RunKey> NodeHands::find_run(const TaskKey& task) {
    for (const auto& [key, run] : runs_)
        if (key.alloc == task.alloc && key.task == task.task && run.seen.phase == wire::RunPhase::running) return key;
    return fail(ErrorKind::not_found, "task " + task.task + " of alloc " + task.alloc +
                                          " does not run now, and a command can only be run beside one that does");
}

std::string NodeHands::run_dir(const launcher::RunKey& run) { return launcher_.dir(run); }

Result<void> NodeHands::begin_session(const launcher::RunKey& key, const wire::SessionDesired& session) {
    const auto run = runs_.find(key);
    if (run == runs_.end()) return fail(ErrorKind::not_found, "the task has ended");
    SessionNotes& notes = run->second.facts.told.sessions;
    if (knows_session(notes, session.id))
        return fail(ErrorKind::conflict, "the driver-manager was restarted, which ends every command beside a task");
    if (open_sessions(notes) >= kMaxTaskSessions)
        return fail(ErrorKind::refused, "as many commands run beside this task as may (" +
                                            std::to_string(kMaxTaskSessions) + "); end one of them");
    driver_manager::begin_session(notes, loop_.now(), session.id, session.by, session.command);
    log::info("exec started",
              {{"alloc", key.alloc}, {"task", key.task}, {"by", session.by}, {"command", notes.back().command}});
    save(key, run->second);
    say(key);
    return {};
}

void NodeHands::end_session(const launcher::RunKey& key, const std::string& session, std::int32_t code,
                            const std::string& error) {
    const auto run = runs_.find(key);
    if (run == runs_.end()) return;
    SessionNotes& notes = run->second.facts.told.sessions;
    driver_manager::end_session(notes, loop_.now(), session, code, error);
    log::info("exec ended", {{"alloc", key.alloc},
                             {"task", key.task},
                             {"command", notes.empty() ? "" : notes.back().command},
                             {"code", code},
                             {"error", error}});
    say(key);
}

}  // namespace drover::driver_manager
