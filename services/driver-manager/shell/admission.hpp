// Admission: lets tasks begin for which this node has room, has the others wait, and keeps on disk who holds what, so
// that nothing is given twice whoever is killed.
#pragma once

#include <list>
#include <set>
#include <string>

#include "driver-manager/core/ledger.hpp"
#include "driver-manager/setup/step.hpp"
#include "rt/loop.hpp"

namespace drover::driver_manager {

class Admission {
   public:
    static constexpr Duration kPeriod = seconds(1);  // between looks whether a port has become free

    // `dir` holds a file for each alloc that holds something; its parent exists.
    Admission(rt::Loop& loop, std::string dir, PortRange range);
    ~Admission();
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

    // What is held, less that of allocs of which nothing else is known. Once, before anything below.
    Result<void> adopt(const std::set<std::string>& known_allocs);

    void set_room(Room room);

    // A setup step that ends once the node has room for the task, or as soon as it is clear that it never will.
    setup::StepMaker step();

    // The task was found running: what it needs is counted, whether it was known or not.
    void assume(const wire::TaskCommand& command);

    // The task has ended for good.
    void give_back(const TaskKey& key);

    // Every task of the alloc.
    void forget(const std::string& alloc);

    // Null when the alloc holds nothing.
    const wire::Reservation* find(const std::string& alloc) const { return ledger_.find(alloc); }

   private:
    class Step;

    Result<void> admit(const wire::TaskCommand& command);
    Result<void> save(const std::string& alloc) const;
    void look_later();
    void look();

    rt::Loop& loop_;
    std::string dir_;
    Ledger ledger_;
    std::list<Step*> waiting_;  // the longest first
    rt::Token soon_ = 0;
    rt::Token period_ = 0;
};

}  // namespace drover::driver_manager
