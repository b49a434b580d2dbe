// Line: one connection to an external driver. It shakes hands, then has one call after the other answered. Whatever
// goes wrong on it, no answer in time included, breaks it for good: who wants more opens another.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/unique_fd.hpp"
#include "ipc/frames.hpp"
#include "rt/loop.hpp"
#include "wire/driver.hpp"

namespace drover::ipc {

inline constexpr Duration kHandshakeLimit = seconds(10);

class Line {
   public:
    // An error: the line has broken, and why. Otherwise what the driver says, which may be a failure.
    using Answered = std::function<void(const Result<wire::DriverAnswer>&)>;

    // `greeted` is called once hands are shaken, `broken` once, in a later round and after those who wait for an
    // answer; it may destroy the line, and so may they.
    struct Hooks {
        std::function<void()> greeted{};
        std::function<void(const Error&)> broken{};
    };

    // `name` is what the driver has to call itself.
    Line(rt::Loop& loop, UniqueFd socket, std::string name, Hooks hooks);
    ~Line();
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    // `limit` counts from when the driver has nothing else of this line to do.
    void call(wire::DriverCall call, Duration limit, Answered answered);

    // Says something, now, without waiting for an answer, as the last thing on this line.
    void post(wire::DriverCall call);

    // Calls that are not answered yet, the handshake included.
    std::size_t waiting() const { return calls_.size(); }

    const wire::DriverAnswer& hello() const { return hello_; }

   private:
    struct Call {
        wire::DriverCall call;
        Duration limit;
        Answered answered;
    };

    void send_next();
    void write();
    void hear();
    void take(const std::string& message);
    Result<void> greeted(const wire::DriverAnswer& answer);
    void snap(Error why);

    rt::Loop& loop_;
    UniqueFd socket_;
    std::string name_;
    Hooks hooks_;
    Frames frames_;
    std::deque<Call> calls_;  // the first was sent
    std::string unsent_;
    std::uint64_t number_ = 0;
    wire::DriverAnswer hello_;
    rt::Token on_bytes_ = 0;
    rt::Token overdue_ = 0;
    rt::Token retry_ = 0;
    rt::Token farewell_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// A call with these two, and nothing else in it yet.
wire::DriverCall make_call(wire::DriverVerb verb, const std::string& id = "");

// As an error, for who cannot do with one.
Error to_error(const wire::DriverAnswer& answer);

}  // namespace drover::ipc
