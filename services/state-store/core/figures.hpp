// Figures: what of the record is counted for metrics, kept up to date with every commit.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metrics/page.hpp"
#include "state-store/core/tally.hpp"

namespace drover::store {

class Figures {
   public:
    // What was written; nothing: the key is gone. What cannot be read counts as absent.
    void hear(const std::string& key, const std::optional<std::string>& value);

    // What hear() makes use of; for reading all of it at the start. Events are counted only as they are recorded.
    static const std::vector<std::string>& prefixes();

    void measure(metrics::Page& page) const;

   private:
    using Names = std::map<std::string, std::vector<std::string>>;  // tasks by group
    struct Job {
        bool stopped = false;
        Names groups;
        static Job of(const wire::JobDesired& job);
    };
    struct Alloc {
        std::string job, group;
        std::vector<std::string> tasks;
        static Alloc of(const wire::AllocDesired& alloc);
    };
    struct Status {
        std::string state;                         // of the client
        std::map<std::string, std::string> tasks;  // their states
        static Status of(const wire::AllocStatus& status);
    };
    struct Node {
        std::string state;
        static Node of(const wire::NodeStatus& node);
    };

    template <class Message, class Counted>
    static void take(std::map<std::string, Counted>& table, const std::string& name,
                     const std::optional<std::string>& value);

    void measure_allocs(metrics::Page& page) const;
    void measure_tallies(metrics::Page& page) const;

    std::map<std::string, Job> jobs_;
    std::map<std::string, Alloc> allocs_;
    std::map<std::string, Status> statuses_;  // by alloc
    std::map<std::string, Node> nodes_;
    std::map<std::string, Tallies> tallies_;       // by job
    std::map<std::string, std::uint64_t> events_;  // by type
};

}  // namespace drover::store
