// Census: what of the record decides about collecting, kept up to date with every commit, so that a round reads only
// what it removes. A hint: whoever removes something looks at the record itself.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "wire/messages.hpp"

namespace drover::store {

class Census {
   public:
    // What was written; nothing: the key is gone. What cannot be read counts as absent.
    void hear(const std::string& key, const std::optional<std::string>& value);

    // What hear() makes use of; for reading all of it at the start.
    static const std::vector<std::string>& prefixes();

    struct Alloc {
        std::string job, group, node;
        std::uint32_t index = 0;
        bool stop = false;  // desired
        Instant created_at;
    };
    struct End {  // of an alloc of which nothing runs
        bool failed = false;
        Instant at;
    };
    struct Job {
        bool stopped = false, purge = false;
        std::map<std::string, std::uint32_t> counts;  // by group
    };
    struct Node {
        std::string name;
        double disk = 0, inodes = 0;  // percent used where its tasks live
    };

    const std::map<std::string, Alloc>& allocs() const { return allocs_; }
    const std::map<std::string, End>& ends() const { return ends_; }
    const std::map<std::string, Job>& jobs() const { return jobs_; }
    const std::map<std::string, Node>& nodes() const { return nodes_; }
    // What is kept of removed allocs: when it was removed.
    const std::map<std::string, Instant>& records() const { return records_; }

    // Jobs of which nothing should be kept and nothing runs any more, with their allocs.
    std::map<std::string, std::vector<std::string>> purgeable() const;

   private:
    void hear_alloc(const std::string& id, const std::string& value);
    void hear_status(const std::string& id, const std::string& value);
    void hear_job(const std::string& name, const std::string& value);
    void hear_node(const std::string& id, const std::string& value);
    void hear_record(const std::string& id, const std::string& value);

    std::map<std::string, Alloc> allocs_;
    std::map<std::string, End> ends_;
    std::map<std::string, Job> jobs_;
    std::map<std::string, Node> nodes_;
    std::map<std::string, Instant> records_;
    std::set<std::string> purges_;  // jobs
};

}  // namespace drover::store
