// Hub: the gateway's half that lives on the loop. Follows the state, asks the store and the driver-managers, and keeps
// those who wait for a state.
#pragma once

#include <list>
#include <string>

#include "gateway/mirror.hpp"
#include "gateway/sessions.hpp"
#include "gateway/statements.hpp"
#include "http/hints.hpp"
#include "wire/log.hpp"
#include "wire/request.hpp"

namespace drover::gateway {

class Hub : private bus::Follower {
   public:
    // `id` is the exchange's own. `epoch` numbers our feeds: another one in every process.
    Hub(rt::Loop& loop, bus::Exchange& exchange, std::string id, std::uint64_t epoch, http::Hints& hints);
    ~Hub() override;

    const Mirror& mirror() const { return mirror_; }
    Instant now() const { return loop_.now(); }

    // How long the state-store or a driver-manager may take to answer.
    static constexpr Duration kAnswerLimit = seconds(10);

    void ask(wire::Request request, Statements<wire::Request, wire::Answer>::Done done);
    void read_log(wire::LogRead read, Statements<wire::LogRead, wire::LogChunk>::Done done);

    Sessions& sessions() { return sessions_; }

    // Calls `done` as soon as `holds` does, with false when `limit` passed first. Asked again after each record.
    void until(std::function<bool(const Mirror&)> holds, Duration limit, std::function<void(bool)> done);

    // Everybody who waits is told that the gateway ends.
    void close();

   private:
    struct Waiter {
        std::function<bool(const Mirror&)> holds;
        std::function<void(bool)> done;
        rt::Token timer = 0;
    };

    void on_reset(const std::string& source, const std::string& stream) override;
    void on_record(const std::string& source, const std::string& stream, const wire::Record& record) override;
    void on_complete(const std::string& source, const std::string& stream) override;
    void on_current(const std::string& source, const std::string& stream) override;
    void look_again();

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    std::string id_;
    http::Hints& hints_;
    Mirror mirror_;
    bus::KeyedFeed request_feed_;
    bus::KeyedFeed log_feed_;
    bus::KeyedFeed session_feed_;
    Statements<wire::Request, wire::Answer> requests_;
    Statements<wire::LogRead, wire::LogChunk> log_reads_;
    Sessions sessions_;
    std::list<Waiter> waiters_;
};

}  // namespace drover::gateway
