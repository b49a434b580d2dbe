#include "gateway/hub.hpp"

#include "base/hash.hpp"

namespace drover::gateway {
namespace {

constexpr std::string_view kState = "state", kEvents = "task/event";
const std::string kSessions = "sessionseen/";

ErrorKind parse_kind(const std::string& word) {
    for (const ErrorKind kind : {ErrorKind::invalid, ErrorKind::not_found, ErrorKind::conflict, ErrorKind::refused,
                                 ErrorKind::unavailable, ErrorKind::corrupt, ErrorKind::io}) {
        if (word == to_string(kind)) return kind;
    }
    return ErrorKind::io;
}

}  // namespace

Hub::Hub(rt::Loop& loop, bus::Exchange& exchange, std::string id, std::uint64_t epoch, http::Hints& hints)
    : loop_(loop),
      exchange_(exchange),
      id_(std::move(id)),
      hints_(hints),
      request_feed_(epoch, bus::KeyedFeed::kFewTombstones),
      log_feed_(epoch, bus::KeyedFeed::kFewTombstones),
      session_feed_(epoch, bus::KeyedFeed::kFewTombstones),
      requests_(loop, exchange, request_feed_, "request/" + id_),
      log_reads_(loop, exchange, log_feed_, "logread/" + id_),
      sessions_(loop, exchange, session_feed_, "session/" + id_) {
    exchange_.offer("request/" + id_, request_feed_);
    exchange_.offer("logread/" + id_, log_feed_);
    exchange_.offer("session/" + id_, session_feed_);
    exchange_.follow(std::string(kState), *this);
    exchange_.follow(std::string(kEvents), *this, true);
    exchange_.follow("answer/" + id_, *this);
    exchange_.follow("logchunk/" + id_, *this);
    exchange_.follow(kSessions + id_, *this);
    exchange_.on_vector([this](const bus::Peer& peer, const wire::Vector&) { mirror_.heard(peer); });
}

Hub::~Hub() {
    for (const Waiter& waiter : waiters_) loop_.cancel(waiter.timer);
}

void Hub::ask(wire::Request request, Statements<wire::Request, wire::Answer>::Done done) {
    request.id = random_hex(16);
    const std::string id = request.id;
    const Error late{ErrorKind::unavailable,
                     "The state-store did not answer within 10 s. The request may still be carried out; "
                     "look again when `drover` reaches the state-store."};
    requests_.ask(id, id, request, kAnswerLimit, late, [done = std::move(done)](Result<wire::Answer> answer) {
        if (answer && !answer->ok) return done(fail(parse_kind(answer->error_kind), answer->message));
        done(std::move(answer));
    });
}

void Hub::read_log(wire::LogRead read, Statements<wire::LogRead, wire::LogChunk>::Done done) {
    read.id = random_hex(16);
    const std::string id = read.id;
    const Error late{ErrorKind::unavailable, "The driver-manager of node " + read.node +
                                                 " did not answer within 10 s, so its logs cannot be read now."};
    log_reads_.ask(id, read.node + "/" + id, read, kAnswerLimit, late,
                   [done = std::move(done)](Result<wire::LogChunk> chunk) {
                       if (chunk && !chunk->error.empty()) return done(fail(ErrorKind::not_found, chunk->error));
                       done(std::move(chunk));
                   });
}

void Hub::until(std::function<bool(const Mirror&)> holds, Duration limit, std::function<void(bool)> done) {
    if (holds(mirror_)) return done(true);
    const auto it = waiters_.insert(waiters_.end(), {std::move(holds), std::move(done), 0});
    it->timer = loop_.at(loop_.now() + limit, [this, it] {
        const auto late = std::move(it->done);
        waiters_.erase(it);
        late(false);
    });
}

void Hub::look_again() {
    for (auto it = waiters_.begin(); it != waiters_.end();) {
        if (!it->holds(mirror_)) {
            ++it;
            continue;
        }
        loop_.cancel(it->timer);
        const auto done = std::move(it->done);
        it = waiters_.erase(it);
        done(true);
    }
}

void Hub::close() {
    const Error ending{ErrorKind::unavailable, "The gateway is stopping; ask again in a moment."};
    requests_.fail_all(ending);
    log_reads_.fail_all(ending);
    sessions_.fail_all(ending);
    while (!waiters_.empty()) {
        loop_.cancel(waiters_.front().timer);
        const auto done = std::move(waiters_.front().done);
        waiters_.pop_front();
        done(false);
    }
}

void Hub::on_reset(const std::string& source, const std::string& stream) {
    if (stream == kState) mirror_.on_reset(source, stream);
}

void Hub::on_record(const std::string& source, const std::string& stream, const wire::Record& record) {
    if (stream == kState) {
        mirror_.on_record(source, stream, record);
        look_again();
    } else if (stream == kEvents) {
        hints_.add();
    } else if (stream.compare(0, 7, "answer/") == 0) {
        requests_.heard(record);
    } else if (stream.starts_with(kSessions)) {
        sessions_.heard(record);
    } else {
        log_reads_.heard(record);
    }
}

void Hub::on_current(const std::string& source, const std::string& stream) {
    if (stream.starts_with(kSessions)) sessions_.node_heard(source);
}

void Hub::on_complete(const std::string& source, const std::string& stream) {
    if (stream != kState) return;
    mirror_.on_complete(source, stream);
    look_again();
}

}  // namespace drover::gateway
