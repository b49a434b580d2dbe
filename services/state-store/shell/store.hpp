// Store: the state-store as one object on a loop. What was heard in one round becomes one commit; answers and news
// leave after it.
#pragma once

#include <deque>
#include <functional>
#include <variant>

#include "bus/exchange.hpp"
#include "rt/loop.hpp"
#include "state-store/core/audit.hpp"
#include "state-store/core/collect.hpp"
#include "state-store/core/events.hpp"
#include "state-store/core/figures.hpp"
#include "state-store/core/leases.hpp"
#include "state-store/core/nodes.hpp"
#include "state-store/core/requests.hpp"
#include "state-store/shell/answer_desk.hpp"
#include "state-store/shell/disk.hpp"
#include "state-store/shell/recorded.hpp"

namespace drover::store {

struct StoreLimits {
    Retention events;
    AuditRetention audit;
    DoneLimits answers;
    CollectRules collecting;
    std::uint64_t tombstones = 4096;  // of erased objects that are remembered
};

class Store : public bus::Follower {
   public:
    // `epoch`: random per process. `on_failure` is called once, when going on would be wrong: the medium is damaged or
    // has refused writes for too long. A new process salvages, and hears everything again.
    Store(rt::Loop& loop, bus::Exchange& exchange, Engine& engine, Disk& disk, StoreLimits limits, std::uint64_t epoch,
          std::function<void(const Error&)> on_failure);
    ~Store() override;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // Reads what is recorded and listens; records what the engine had to say about its opening, as soon as the medium
    // takes it. Once.
    Result<void> start();
    // Records what was heard and says goodbye.
    void stop();

    struct Counters {
        std::uint64_t commits = 0;
        std::uint64_t failures = 0;  // of commits
        std::uint64_t refused = 0;   // malformed, of an old term, or about nothing known
    };
    const Counters& counters() const { return counters_; }
    void measure(metrics::Page& page) const;

    void on_reset(const std::string& source, const std::string& stream) override;
    void on_record(const std::string& source, const std::string& stream, const wire::Record& record) override;
    void on_complete(const std::string& source, const std::string& stream) override;

    static constexpr std::size_t kMaxBatch = 1000;    // statements in one commit
    static constexpr std::size_t kMaxInbox = 20'000;  // statements while the medium refuses writes
    static constexpr Duration kRetry = seconds(1);    // between attempts to commit
    static constexpr Duration kHousekeeping = seconds(1);

   private:
    struct Asked {
        std::string gateway;
        wire::Request request;
        std::string uid;  // for the job it may submit
    };
    using Statement = std::variant<Asked, wire::AllocDesired, wire::AllocReport, wire::NodeObserved>;
    using Answers = std::vector<std::pair<std::string, wire::Answer>>;  // by gateway

    Result<void> read_recorded();
    Result<void> read_counted();
    void hear_request(const std::string& gateway, const wire::Record& record);
    template <class T>
    void hear_statement(const std::string& source, const wire::Record& record);
    void hear_vector(const bus::Peer& peer, const wire::Vector& vector);
    void take_in(Statement statement);

    void apply(Draft& draft, const Statement& statement, Answers& answers);
    void apply_request(Draft& draft, const Asked& asked, Answers& answers);
    void commit_round();
    bool commit(const Draft& draft);
    void keep_to_limits(Draft& draft);
    void record_news(Draft& draft);
    Result<void> record_audits(Draft& draft) const;
    void publish();

    // Questions change nothing: one after the other is answered from what is recorded, whatever the medium refuses.
    void take_question(Asked asked);
    void answer_next();
    Result<wire::Answer> look_up(const wire::Request& request);
    void send_errand(const Asked& asked);

    // While there is no room, new work is turned away, so that what runs can be recorded in what was set aside.
    void lose_room(const Error& why);
    void look_for_room();
    bool turn_away(const Asked& asked);

    // Removes what is due, in a commit of its own; false when that failed.
    bool collect_round();
    void collect_due(Draft& draft, Instant now);

    void commit_at(Instant when);
    void watch_leases();
    void keep_house();
    void watch_for_rollback(const wire::Vector& vector);
    void refuse(const std::string& source, const Error& why);
    void fail_for_good(const Error& why);

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    Engine& engine_;
    Disk& disk_;
    StoreLimits limits_;
    std::function<void(const Error&)> on_failure_;
    EngineView view_;
    EngineLog event_log_, done_log_, audit_log_;
    EngineFeed state_feed_, event_feed_, audit_feed_;
    AnswerDesk desk_;
    Leases leases_;
    Nodes nodes_;
    Census census_;
    Figures figures_;
    Counters counters_;
    metrics::Histogram commits_took_;

    std::vector<Statement> inbox_;
    std::deque<Asked> questions_;
    std::vector<Asked> clearances_;                          // requests to collect, each a commit of its own
    std::vector<std::pair<std::string, std::string>> news_;  // type and sentence of events of our own, to be recorded
    std::vector<wire::AuditRecord> audits_;                  // of what needs no commit of its own, to be recorded
    std::optional<std::string> no_room_;                     // why there is none
    Instant collect_at_;                                     // when the next round is due
    bool collecting_ = false;                                // a round should look
    bool refusing_ = false;                                  // the last commit failed
    bool failed_ = false;
    rt::Token commit_timer_ = 0, question_timer_ = 0, lease_timer_ = 0, house_timer_ = 0;
};

}  // namespace drover::store
