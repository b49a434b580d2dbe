// The alloc-runner as a service of a host.
#pragma once

#include "host/service.hpp"

namespace drover::alloc_runner {

struct Config : host::ServiceConfig {
    Duration max_kill_timeout = seconds(30);
    Duration node_lost_after = minutes(1);

    std::vector<host::Option> options() {
        return host::join(
            service_options(),
            {{"max_kill_timeout", &max_kill_timeout, "the longest kill_timeout a task gets; a longer one is cut to it"},
             {"node_lost_after", &node_lost_after,
              "how long a node may be down before what it runs is started on another that fits"}});
    }
};

// Binds and is ready. Fails when an endpoint cannot be bound or a key cannot be read.
Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config);

}  // namespace drover::alloc_runner
