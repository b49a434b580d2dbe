// What `drover dev` does: services as children, restarted when they die, ended in order.
#pragma once

#include <string>

#include "cli/verb.hpp"

namespace drover::cli {

struct DevOptions {
    std::string data_dir;
    std::string http = "127.0.0.1:0";
    bool stop_tasks = false;
};

// Until SIGINT, SIGTERM or SIGHUP; a second one ends the services at once. Returns the exit code.
int run_dev(Session& session, const DevOptions& options);

}  // namespace drover::cli
