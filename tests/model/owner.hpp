// An alloc-runner: the real brain, what it stands for and what it has heard.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "alloc-runner/core/brain.hpp"
#include "news.hpp"

namespace drover::model {

class Owner {
   public:
    Owner(std::string id, std::string boot);

    // `id` is the number of the news in its table. Returns the commands that are new.
    std::vector<wire::TaskCommand> hear(const StateNews& news, Id id);
    std::vector<wire::TaskCommand> hear(const NodeNews& news, Id id);

    // The delay of a restart is over.
    bool sleeps() const { return brain_.wake_at() < kNow + seconds(1); }
    std::vector<wire::TaskCommand> wake() { return settle(brain_.wake_at()); }

    const ReportNews& reports() const { return reports_; }
    // Those that stand.
    const std::map<std::string, wire::TaskCommand>& commands() const { return commands_; }
    std::uint64_t term() const { return brain_.term(); }

    // The brain shows no more of itself than decides what it does next, given what it has heard last and what it
    // stands for. That these bytes are enough is checked in every search (Table::twin).
    std::string bytes() const;

   private:
    static constexpr Id kNothing = ~Id{0};

    void hear(const std::string& key, const std::string& value);
    std::vector<wire::TaskCommand> settle(Instant now);

    std::string boot_;
    alloc_runner::Brain brain_;
    StateNews state_;
    NodeNews node_;
    Id state_heard_ = kNothing;
    Id node_heard_ = kNothing;
    ReportNews reports_;
    std::map<std::string, wire::TaskCommand> commands_;
};

}  // namespace drover::model
