// The state-store as a service of a host.
#pragma once

#include "host/service.hpp"

namespace drover::store {

struct Config : host::ServiceConfig {
    std::int64_t events_max_count = 100'000;
    Duration events_max_age = hours(24 * 7);
    std::int64_t audit_max_count = 100'000;
    Duration audit_max_age = hours(24 * 365);
    Duration gc_interval = minutes(1);
    Duration gc_max_age = hours(24);
    Duration gc_failed_max_age = hours(24 * 7);
    std::int64_t gc_max_allocs = 1000;
    std::int64_t gc_node_max_allocs = 50;
    double gc_disk_percent = 85;
    double gc_inode_percent = 90;
    Size disk_reserve{16 << 20};

    Config() { may_have_replicas = false; }

    std::vector<host::Option> options() {
        return host::join(
            service_options(),
            {{"events_max_count", &events_max_count, "how many events to keep"},
             {"events_max_age", &events_max_age, "how long to keep an event"},
             {"audit_max_count", &audit_max_count, "how many audit records to keep"},
             {"audit_max_age", &audit_max_age, "how long to keep an audit record"},
             {"gc_interval", &gc_interval, "how often to remove allocs that have ended; at least 1s"},
             {"gc_max_age", &gc_max_age, "how long to keep an alloc that has ended"},
             {"gc_failed_max_age", &gc_failed_max_age, "how long to keep an alloc that has failed"},
             {"gc_max_allocs", &gc_max_allocs, "how many ended allocs to keep"},
             {"gc_node_max_allocs", &gc_node_max_allocs, "how many ended allocs of one node to keep"},
             {"gc_disk_percent", &gc_disk_percent, "fewer are kept while a node's disk is this full, in percent"},
             {"gc_inode_percent", &gc_inode_percent, "the same for its inodes"},
             {"disk_reserve", &disk_reserve, "room set aside for recording what runs when the disk is full"}});
    }
};

// Locks <data_dir>, opens <data_dir>/state.db, binds and is ready, also on a full disk. Fails when another store has
// the directory, when the database is a newer version's, or when an endpoint cannot be bound.
Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config);

}  // namespace drover::store
