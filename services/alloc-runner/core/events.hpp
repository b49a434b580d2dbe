// The words of a task's history: Nomad's event types, texts and detail keys. Numbers, ids and times are the task
// core's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/restart.hpp"
#include "wire/status.hpp"

namespace drover::alloc_runner::events {

struct Words {
    std::string type;
    std::string message;
    std::map<std::string, std::string> details;
};

Words received();
Words task_setup(Duration took);
Words downloading_artifacts();
// A step of the setup has failed.
Words setup_step_failed(wire::SetupKind kind, const std::string& error);
Words template_missing(const std::string& what);
// Something without which it cannot be set up is not there. `for_good`: the task fails.
Words setup_failure(const std::string& reason, bool for_good);
// With how long each step of the setup took.
Words started(const std::vector<wire::SetupStep>& steps);
// It goes on all the same.
Words directory_gone(const std::string& path);
// What the driver itself wants to be known.
Words driver(const std::string& message);
Words driver_failure(const std::string& error);
Words terminated(const wire::ExitRecord& exit);
// A user's command beside the task, which began or is over.
Words session(const wire::SessionNote& note);
// So many earlier notes of such commands came too many at once to be told.
Words sessions_untold(std::uint64_t count);
Words restarting(const policy::Verdict& verdict);
Words not_restarting(const policy::Verdict& verdict);

inline constexpr const char* kUserRestart = "User requested task to restart";
inline constexpr const char* kUserRestartAll = "User requested all tasks to restart";
inline constexpr const char* kTemplateRestart = "Template with change_mode restart re-rendered";
Words restart_signaled(const std::string& reason);
// `reason`: why it was sent, or why it could not be delivered; may be empty.
Words signaling(const std::string& signal, const std::string& reason);
// `reason`: why, if the user should hear more than that it was asked for.
Words killing(Duration timeout, const std::string& reason);
Words waiting_for_shutdown_delay(Duration delay);
Words skipping_shutdown_delay(Duration delay);
Words hook_failed(const std::string& hook, const std::string& error);
Words killed();
Words sibling_failed(const std::string& sibling);
Words leader_dead();
Words mains_dead();

}  // namespace drover::alloc_runner::events
