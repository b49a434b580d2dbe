#include "ipc/line.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/check.hpp"
#include "wire/codec.hpp"

namespace drover::ipc {

namespace {
constexpr Duration kWriteAgain = milliseconds(2);
}

Line::Line(rt::Loop& loop, UniqueFd socket, std::string name, Hooks hooks)
    : loop_(loop), socket_(std::move(socket)), name_(std::move(name)), hooks_(std::move(hooks)) {
    on_bytes_ = loop_.on_readable(socket_.get(), [this] { hear(); });
    calls_.push_back({{}, kHandshakeLimit, {}});
    send_next();
}

Line::~Line() {
    *alive_ = false;
    for (const rt::Token token : {on_bytes_, overdue_, retry_, farewell_}) loop_.cancel(token);
}

void Line::call(wire::DriverCall call, Duration limit, Answered answered) {
    calls_.push_back({std::move(call), limit, std::move(answered)});
    if (!socket_.valid()) return snap({ErrorKind::unavailable, "the connection to the driver " + name_ + " is broken"});
    if (calls_.size() == 1) send_next();
}

void Line::post(wire::DriverCall call) {
    call.number = ++number_;
    const std::string bytes = frame(wire::encode(call));
    if (socket_.valid()) (void)!::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Line::send_next() {
    loop_.cancel(std::exchange(overdue_, 0));
    if (calls_.empty() || !socket_.valid()) return;
    Call& next = calls_.front();
    next.call.number = ++number_;
    const std::string message = wire::encode(next.call);
    if (message.size() > kMaxFrame)
        return snap({ErrorKind::invalid, "what the driver " + name_ + " is to be told is larger than 1 MiB"});
    unsent_ = frame(message);
    overdue_ = loop_.at(loop_.now() + next.limit, [this, limit = next.limit] {
        snap({ErrorKind::unavailable, "the driver " + name_ + " has not answered for " + to_string(limit)});
    });
    write();
}

// A driver that takes no more bytes is tried again until the call is overdue.
void Line::write() {
    retry_ = 0;
    while (!unsent_.empty()) {
        const ssize_t n = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            unsent_.erase(0, static_cast<std::size_t>(n));
        } else if (errno == EAGAIN) {
            retry_ = loop_.at(loop_.now() + kWriteAgain, [this] { write(); });
            return;
        } else if (errno != EINTR) {
            return snap({ErrorKind::io, "the driver " + name_ + " has closed its connection"});
        }
    }
}

void Line::hear() {
    std::array<char, 16384> bytes{};
    const ssize_t n = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return snap({ErrorKind::io, "the driver " + name_ + " has closed its connection"});
    frames_.feed({bytes.data(), static_cast<std::size_t>(n)});
    const auto message = frames_.next();
    if (!message) return snap({ErrorKind::invalid, "the driver " + name_ + " sent " + message.error().message});
    if (*message) take(**message);
}

// There is one answer to each call and nothing else, so there is never a second message to take.
void Line::take(const std::string& message) {
    const auto answer = wire::decode<wire::DriverAnswer>(message);
    if (!answer)
        return snap({ErrorKind::invalid, "the driver " + name_ + " sent what is no answer: " + answer.error().message});
    if (calls_.empty() || answer->number != calls_.front().call.number)
        return snap({ErrorKind::invalid, "the driver " + name_ + " answered call " + std::to_string(answer->number) +
                                             ", which nobody waits for"});
    const bool first = number_ == 1;
    if (first) {
        if (const auto good = greeted(*answer); !good) return snap(good.error());
    }
    const Answered answered = std::move(calls_.front().answered);
    calls_.pop_front();
    send_next();
    const auto told = first ? hooks_.greeted : nullptr;
    if (answered) answered(*answer);
    if (told) told();
}

Result<void> Line::greeted(const wire::DriverAnswer& answer) {
    const std::string who = "the driver " + name_;
    if (answer.failure != wire::DriverFailure::none)
        return fail(to_error(answer).kind, who + " does not shake hands: " + answer.error);
    if (answer.version < wire::kDriverOldest || answer.version > wire::kDriverNewest)
        return fail(ErrorKind::invalid, who + " speaks version " + std::to_string(answer.version) +
                                            " of the protocol, this Drover " + std::to_string(wire::kDriverOldest) +
                                            " to " + std::to_string(wire::kDriverNewest));
    if (answer.name != name_)
        return fail(ErrorKind::invalid,
                    who + " calls itself \"" + answer.name + "\"; its file has to be named as it calls itself");
    hello_ = answer;
    return {};
}

void Line::snap(Error why) {
    for (rt::Token* token : {&on_bytes_, &overdue_, &retry_}) loop_.cancel(std::exchange(*token, 0));
    socket_.reset();
    if (farewell_ != 0) return;
    farewell_ = loop_.at(loop_.now(), [this, why = std::move(why)] {
        // The line, and this with it, may be gone after any of these calls.
        const Error reason = why;
        const std::shared_ptr<bool> alive = alive_;
        const std::deque<Call> calls = std::exchange(calls_, {});
        const auto broken = std::exchange(hooks_.broken, {});
        farewell_ = 0;
        for (const Call& call : calls)
            if (*alive && call.answered) call.answered(tl::unexpected(reason));
        if (*alive && broken) broken(reason);
    });
}

wire::DriverCall make_call(wire::DriverVerb verb, const std::string& id) {
    wire::DriverCall call;
    call.verb = verb;
    call.id = id;
    return call;
}

Error to_error(const wire::DriverAnswer& answer) {
    using wire::DriverFailure;
    const auto kind = [&] {
        switch (answer.failure) {
            case DriverFailure::none:
            case DriverFailure::unavailable: return ErrorKind::unavailable;
            case DriverFailure::not_found: return ErrorKind::not_found;
            case DriverFailure::conflict: return ErrorKind::conflict;
            case DriverFailure::unsupported: return ErrorKind::refused;
            case DriverFailure::invalid: break;
        }
        return ErrorKind::invalid;
    };
    return {kind(), answer.error.empty() ? "the driver gives no reason" : answer.error};
}

}  // namespace drover::ipc
