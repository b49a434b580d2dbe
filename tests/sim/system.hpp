// A whole system drawn from a seed: its parts, how they are connected, and what its users want of it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "deadlines.hpp"
#include "node.hpp"
#include "options.hpp"
#include "runner.hpp"
#include "store.hpp"
#include "work.hpp"

namespace drover::sim {

inline constexpr Duration kBeat = milliseconds(700);
inline constexpr Duration kTrouble = seconds(4);  // faults end here
inline constexpr Duration kCalm = seconds(30);    // and by then all is well again

class System {
   public:
    System(std::uint64_t seed, Options::Only only, bool trace, EdgesSeen& edges);

    void start();
    // From now on nothing goes wrong any more.
    void make_calm();
    // All parts are up and hear each other.
    bool is_whole() const;
    // Something went down or came back.
    void disturb() { disturbed_at = world.now(); }
    // For as long as the system lives.
    void keep(std::shared_ptr<void> what) { kept_.push_back(std::move(what)); }
    // Has the alloc a process?
    bool lives(const std::string& alloc) const;
    // Again and again until the store takes it.
    void submit(std::size_t job);

    World world;
    Options options;
    History history;
    Store store;
    Manners manners;
    std::vector<std::unique_ptr<Node>> nodes;
    std::vector<std::unique_ptr<Runner>> runners;
    std::vector<bool> cut;                           // runner and store do not hear each other
    std::vector<wire::JobSpec> jobs;                 // as they are submitted next
    std::set<std::string> removed;                   // allocs
    std::map<std::string, wire::AllocDesired> lost;  // that the store had, and has not recorded again, by id
    Deadlines deadlines;
    Work work;
    bool trouble_over = false;
    Instant disturbed_at;

   private:
    void draw(std::uint64_t seed);
    void connect(Node& node);
    void connect_store();
    void connect(std::size_t runner);
    void check_launch(const driver_manager::TaskKey& key);
    void check_gates(const wire::GroupSpec& group, const driver_manager::TaskKey& key);
    std::size_t live(const driver_manager::TaskKey& key) const;
    void beat();
    void watch_deadlines();

    EdgesSeen& edges_;
    std::vector<std::shared_ptr<void>> kept_;
};

}  // namespace drover::sim
