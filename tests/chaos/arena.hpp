// Arena: a whole Drover with everything that troubles it. Blows fall at once, what ends them is done when it is due.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "disk.hpp"
#include "integration/cluster.hpp"
#include "ledger.hpp"
#include "observer.hpp"
#include "plan.hpp"
#include "relay.hpp"
#include "work.hpp"

namespace drover::chaos {

using integration::Cluster;
using integration::Replica;
using integration::Service;

struct Setup {
    int tasks = 200;
    int alloc_runners = 3;
    int driver_managers = 2;
    std::uint64_t seed = 1;
    bool clocks = true;  // services run under a wall clock that can be set
};

class Arena {
   public:
    // Nothing runs yet.
    explicit Arena(const Setup& setup);
    ~Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    // Starts everything and submits the standing jobs; false when not every task runs in time.
    bool begin();

    void strike(const Blow& blow);
    // Ends what is due; starts again what has ended by itself.
    void tend();
    // Ends every trouble at once.
    void calm();

    // kill -9 of the task's process, if it is still this one.
    void kill_task(const std::string& task, const Process& process);
    // Freezes, kills or cuts off one replica until calm().
    void trouble(Fault fault, const Replica& replica);

    Cluster& cluster() { return cluster_; }
    const Cluster& cluster() const { return cluster_; }
    Relay& relay() { return *relay_; }
    Observer& observer() { return *observer_; }
    Ledger& ledger() { return ledger_; }
    const std::vector<JobText>& jobs() const { return jobs_; }
    const std::string& truth_dir() const { return truth_dir_; }
    // What cannot be done here, a sentence each.
    const std::vector<std::string>& limits() const { return limits_; }
    // Waits for the answers to what was submitted.
    void await_submits();

   private:
    std::string way_endpoint(const Replica& hears, const Replica& speaks) const;
    integration::Layout layout(const Setup& setup);
    void open_relay(std::uint64_t seed);
    void open_disks();
    void start(const Replica& replica);
    bool kill_service(const Replica& replica, Duration away);
    bool terminate(const Replica& replica);
    bool freeze(const Replica& replica, Duration lasts);
    void cut_off(const Replica& replica);
    bool kill_some_task(const Blow& blow);
    void fill_disk(const Blow& blow);
    void step_clock(std::int64_t by);
    void submit(const JobText& job);
    void look_for_ends();
    void later(Duration wait, std::function<void()> what);

    struct Submit {
        std::string job;
        pid_t pid;
    };

    std::vector<std::string> limits_;
    bool clocks_ = false;
    Cluster cluster_;
    std::string truth_dir_;
    std::unique_ptr<Relay> relay_;
    std::unique_ptr<Observer> observer_;
    std::map<Replica, Disk> disks_;
    std::vector<JobText> jobs_;
    Ledger ledger_;
    std::multimap<Instant, std::function<void()>> due_;
    std::list<Submit> submits_;
    std::uint64_t short_jobs_ = 0;
    Instant disk_full_until_;
    std::vector<pid_t> started_;
};

}  // namespace drover::chaos
