// Runner: one alloc-runner on a loop. What is heard goes to the brain; what the brain concludes goes into the streams.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "alloc-runner/core/brain.hpp"
#include "bus/exchange.hpp"
#include "metrics/page.hpp"
#include "rt/loop.hpp"

namespace drover::alloc_runner {

class Runner {
   public:
    // `rules.id` and `rules.boot` are those of the exchange, which outlives the runner.
    Runner(rt::Loop& loop, bus::Exchange& exchange, const BrainRules& rules);
    ~Runner();
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    const Brain& brain() const { return brain_; }
    void measure(metrics::Page& page) const;

   private:
    class StateFollower : public bus::Follower {
       public:
        explicit StateFollower(Runner& runner) : runner_(runner) {}
        void on_reset(const std::string& source, const std::string& stream) override;
        void on_record(const std::string& source, const std::string& stream, const wire::Record& record) override;
        void on_complete(const std::string& source, const std::string& stream) override;
        void on_current(const std::string& source, const std::string& stream) override;

       private:
        void forget(const std::string& key);
        Runner& runner_;
    };
    class NodeFollower : public bus::Follower {
       public:
        explicit NodeFollower(Runner& runner) : runner_(runner) {}
        void on_reset(const std::string& source, const std::string& stream) override;
        void on_record(const std::string& source, const std::string& stream, const wire::Record& record) override;
        void on_complete(const std::string& source, const std::string& stream) override;

       private:
        Runner& runner_;
    };

    // Decodes a record for the brain; what cannot be decoded is logged and left out.
    template <class T>
    void hear(const wire::Record& record);
    void settle_soon();
    void settle();
    void publish(const Statements& statements);
    void tell(const Statements& statements);  // to the log
    bus::KeyedFeed& commands_for(const std::string& node);

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    Brain brain_;
    std::string report_stream_;
    std::uint64_t epoch_;
    StateFollower state_;
    NodeFollower nodes_;
    bus::KeyedFeed reports_;
    std::map<std::string, std::unique_ptr<bus::KeyedFeed>> commands_;  // by node
    std::uint64_t logged_term_ = 0;
    std::map<std::string, std::uint64_t> events_;  // made, by type
    metrics::Histogram settled_;
    rt::Token soon_ = 0;
    rt::Token wake_ = 0;
};

}  // namespace drover::alloc_runner
