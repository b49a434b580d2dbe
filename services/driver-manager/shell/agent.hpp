// Agent: keeps the inventory true. Hears commands and the hands, has the inventory decide, has the hands act, and
// publishes what the node's tasks are, in that order. Nothing is ever stopped because nothing is heard.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "bus/exchange.hpp"
#include "driver-manager/core/inventory.hpp"
#include "driver-manager/shell/hands.hpp"
#include "driver-manager/stats/starts.hpp"
#include "rt/loop.hpp"

namespace drover::driver_manager {

class Agent : public bus::Follower {
   public:
    // `epoch` names the numbering of the observations: random per process.
    Agent(rt::Loop& loop, bus::Exchange& exchange, Hands& hands, std::string node, std::uint64_t epoch);
    ~Agent() override;
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    // Adopts what the node has, publishes all of it, then listens. Once.
    Result<void> start();

    // Ends what runs, each with its own kill signal and timeout, and hears no command any more. Their ends are told by
    // whoever starts next, and what follows is up to the restart policies.
    void end_all();

    const Inventory& inventory() const { return inventory_; }

    struct Counters {
        std::uint64_t commands = 0;  // applied
        std::uint64_t refused = 0;   // malformed, of an old term, or about nothing known
        std::uint64_t launched = 0;
    };
    const Counters& counters() const { return counters_; }
    void measure(metrics::Page& page) const;

    void on_reset(const std::string&, const std::string&) override {}
    void on_record(const std::string& source, const std::string& stream, const wire::Record& record) override;
    void on_complete(const std::string&, const std::string&) override {}

    static constexpr Duration kRetry = seconds(1);  // between attempts to write what must be durable

   private:
    void hear_render(const TaskKey& key, const wire::RenderObserved& now);
    void hear_report(const TaskKey& key, const wire::IncarnationObserved& state);
    void apply(const Decision& decision);
    void settle_place(const TaskKey& key);
    void carry_out(const Action& action);
    bool try_action(const Action& action);
    bool launch(const Action& action);
    bool set_floors(const std::map<TaskKey, std::uint64_t>& floors);
    bool is_kept(const Result<void>& written);
    void accompany(const Action& action);
    void signal(const Action& action);
    void pay_at(Instant when);
    void pay();
    void pay(const TaskKey& key, std::uint64_t floor);
    void publish(const TaskKey& key);
    void refuse(const std::string& source, const std::string& why);

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    Hands& hands_;
    std::string node_;
    std::string stream_;
    bus::KeyedFeed feed_;
    Inventory inventory_;
    Counters counters_;
    stats::Starts starts_;
    // Actions that wait until something could be made durable, for all tasks at once: a crowd of them costs one write
    // to the disk. What such a task is is not published meanwhile.
    std::map<TaskKey, std::deque<Action>> owed_;
    rt::Token pay_timer_ = 0;
    Instant pay_at_;
    bool ending_ = false;
    bool refused_ = false;  // the disk took nothing when last asked
};

}  // namespace drover::driver_manager
