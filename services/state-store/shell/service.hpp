// The state-store as a service of a host.
#pragma once

#include "host/service.hpp"

namespace drover::store {

struct Config : host::ServiceConfig {
    std::int64_t events_max_count = 100'000;
    Duration events_max_age = hours(24 * 7);

    std::vector<host::Option> options() {
        return host::join(service_options(), {{"events_max_count", &events_max_count, "how many events to keep"},
                                              {"events_max_age", &events_max_age, "how long to keep an event"}});
    }
};

// Locks <data_dir>, opens <data_dir>/state.db, binds and is ready. Fails when another store has the directory, when the
// database is a newer version's, or when an endpoint cannot be bound.
Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config);

}  // namespace drover::store
