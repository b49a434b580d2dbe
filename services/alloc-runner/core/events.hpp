// The words of a task's history: Nomad's event types, texts and detail keys. Numbers, ids and times are the task
// core's.
#pragma once

#include <map>
#include <string>

#include "alloc-runner/core/restart.hpp"
#include "wire/status.hpp"

namespace drover::alloc_runner::events {

struct Words {
    std::string type;
    std::string message;
    std::map<std::string, std::string> details;
};

Words received();
Words task_setup();
Words started();
Words driver_failure(const std::string& error);
Words terminated(const wire::ExitRecord& exit);
Words restarting(const Verdict& verdict);
Words not_restarting(const Verdict& verdict);
Words restart_signaled();
// `problem`: why it could not be delivered, if so.
Words signaling(const std::string& signal, const std::string& problem);
Words killing(Duration timeout);
Words killed();
Words sibling_failed(const std::string& sibling);
Words leader_dead();

}  // namespace drover::alloc_runner::events
