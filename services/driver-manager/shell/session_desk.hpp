// SessionDesk: the commands that users run beside tasks of this node. What a gateway wants stands in its stream, what
// has come of it in ours; in between is a program for each session (driver-manager/session), to which everything said
// is passed on as it is.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "bus/exchange.hpp"
#include "driver-manager/core/inventory.hpp"
#include "driver-manager/launcher/launcher.hpp"
#include "driver-manager/shell/session_program.hpp"
#include "rt/loop.hpp"
#include "wire/session.hpp"

namespace drover::driver_manager {

// What the desk needs of its node.
class SessionHost {
   public:
    virtual ~SessionHost() = default;

    // The run of a task that sessions may join, and the directory of its record; an error says why there is none.
    virtual Result<launcher::RunKey> find_run(const TaskKey& task) = 0;
    virtual std::string run_dir(const launcher::RunKey& run) = 0;

    // On record before this returns. Refused: the same session was begun before, by whomever, or too many are open.
    virtual Result<void> begin_session(const launcher::RunKey& run, const wire::SessionDesired& session) = 0;
    // Of one that is over already: nothing.
    virtual void end_session(const launcher::RunKey& run, const std::string& session, std::int32_t code,
                             const std::string& error) = 0;
};

class SessionDesk : public bus::Follower {
   public:
    struct Limits {
        std::string program;        // drover-session; empty: not installed
        std::size_t sessions = 16;  // at a time; 0: this node runs none
        Duration idle = hours(8);   // without a word from either side
    };

    SessionDesk(rt::Loop& loop, bus::Exchange& exchange, SessionHost& host, Limits limits, std::string node,
                std::uint64_t epoch);
    ~SessionDesk() override;

    void start();

    // A run has ended, and with it the sessions beside it.
    void run_ended(const launcher::RunKey& run);

    void on_reset(const std::string& source, const std::string& stream) override;
    void on_record(const std::string& source, const std::string& stream, const wire::Record& record) override;
    void on_complete(const std::string& source, const std::string& stream) override;
    void on_current(const std::string& source, const std::string& stream) override;

    std::uint64_t refused() const { return refused_; }

    static constexpr std::size_t kMaxGateways = 64;
    static constexpr std::size_t kMaxStanding = 128;   // sessions of one gateway that it has not withdrawn
    static constexpr Duration kSilence = seconds(15);  // then a gateway, and whoever it serves, has gone

   private:
    struct Session {
        std::string gateway;
        launcher::RunKey run;
        wire::SessionDesired desired;
        wire::SessionObserved seen;
        std::unique_ptr<SessionProgram> program;  // while it is under way
        Instant active_at;
        rt::Token struck = 0;  // it was killed, perhaps with its task, of whose end we are about to hear
    };
    struct Gateway {
        explicit Gateway(std::uint64_t epoch) : seen(epoch, bus::KeyedFeed::kFewTombstones) {}
        bus::KeyedFeed seen;
        std::set<std::string> standing;  // ids
        std::set<std::string> stale;     // of those, not heard again since the reset
        Instant heard_at;
    };

    Gateway* find_gateway(const std::string& name);
    void open(const std::string& gateway, wire::SessionDesired desired);
    Result<void> begin(Session& session);
    void heard(const std::string& id, wire::SessionObserved seen);
    void ended(const std::string& id);  // as it was seen
    void put(const std::string& gateway, const wire::SessionObserved& seen);
    // Ends it from our side.
    void cut_off(const std::string& id, const std::string& why);
    void over(const std::string& id, std::int32_t code, const std::string& error);
    void withdraw(const std::string& gateway, const std::string& id);
    void look();

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    SessionHost& host_;
    Limits limits_;
    std::string node_;
    std::uint64_t epoch_;
    std::map<std::string, std::unique_ptr<Gateway>> gateways_;
    std::map<std::string, Session> sessions_;  // under way, by id
    rt::Token timer_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace drover::driver_manager
