// Sessions: the commands that users run beside tasks through this gateway. Of each there is what is wanted, in our
// stream, and what came of it; between the two sits a user who reads output and sends input a numbered piece at a time.
// Everything is bounded: sessions, the output that nobody has heard yet, and how long one may be without a reader.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "bus/exchange.hpp"
#include "rt/loop.hpp"
#include "wire/session.hpp"

namespace drover::gateway {

struct SessionPiece {
    std::uint64_t number = 0;
    std::string stream;
    std::string bytes;
};

// What a reader gets at a time.
struct SessionNews {
    std::vector<SessionPiece> pieces;  // oldest first
    bool ended = false;                // there are no further pieces
    std::int32_t code = 0;             // as wire::SessionObserved::code
    std::string error;
};

class Sessions {
   public:
    template <class T>
    using Done = std::function<void(Result<T>)>;

    // `feed` was offered as `stream` and outlives this.
    Sessions(rt::Loop& loop, bus::Exchange& exchange, bus::KeyedFeed& feed, std::string stream)
        : loop_(loop), exchange_(exchange), feed_(feed), stream_(std::move(stream)) {}
    ~Sessions();
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;

    static constexpr std::size_t kMaxOpen = 16;
    static constexpr std::size_t kMaxUnheard = 16;       // pieces of one session, 256 KiB
    static constexpr Duration kOpenLimit = seconds(30);  // for the command to start
    static constexpr Duration kReader = seconds(10);     // without one, its user has gone
    static constexpr Duration kSilence = seconds(15);    // of the node

    // The id under which the session can be used, once its command runs or has ended already. Whoever knows the id can
    // use it. `wanted` needs no id.
    void open(wire::SessionDesired wanted, Done<std::string> done);
    // What is above `after`, as soon as there is something or `wait` has passed; up to `heard` nothing is kept any
    // longer. A reader takes the place of one before it.
    void read(const std::string& id, std::uint64_t heard, std::uint64_t after, Duration wait, Done<SessionNews> done);
    // The piece `number` of the input, from 1, and whether it is the last; done when the command has it. The same piece
    // may be given again.
    void write(const std::string& id, std::uint64_t number, std::string bytes, bool last, Done<bool> done);
    Result<void> resize(const std::string& id, std::uint32_t rows, std::uint32_t columns);
    Result<void> signal(const std::string& id, const std::string& name);
    // Ends it; an unknown one is a no-op.
    void close(const std::string& id);

    // A record of the answering stream; answers to nobody are ignored.
    void heard(const wire::Record& record);
    // The node with this id has said something.
    void node_heard(const std::string& node);
    // All of them end, for this reason.
    void fail_all(const Error& error);

    std::size_t size() const { return open_.size(); }

   private:
    struct Session {
        wire::SessionDesired wanted;
        wire::SessionObserved seen;
        std::deque<SessionPiece> unheard;
        Done<std::string> opened;  // until it is
        Done<SessionNews> reader;  // who waits
        std::uint64_t reader_after = 0;
        rt::Token reader_timer = 0;
        Done<bool> writer;
        Instant read_at;
        Instant node_at;  // the node was heard
        Instant begun_at;
    };

    Session* find(const std::string& id);
    void say(const Session& session);
    void take(Session& session);
    void settle(Session& session);
    void answer(Session& session);
    void cut_off(Session& session, const std::string& why);
    void look();

    rt::Loop& loop_;
    bus::Exchange& exchange_;
    bus::KeyedFeed& feed_;
    std::string stream_;
    std::map<std::string, Session> open_;
    rt::Token timer_ = 0;
};

}  // namespace drover::gateway
