#include "gateway/sessions.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "wire/codec.hpp"

namespace drover::gateway {
namespace {

constexpr Duration kSessionLook = seconds(1);
constexpr std::size_t kMaxSignals = 16;
constexpr std::int32_t kSessionCutOff = -1;

tl::unexpected<Error> no_session() {
    return fail(ErrorKind::not_found, "there is no such session: it has ended, or the gateway was restarted");
}

}  // namespace

Sessions::~Sessions() {
    loop_.cancel(timer_);
    for (const auto& [id, session] : open_) loop_.cancel(session.reader_timer);
}

Sessions::Session* Sessions::find(const std::string& id) {
    const auto found = open_.find(id);
    return found == open_.end() ? nullptr : &found->second;
}

void Sessions::say(const Session& session) {
    const std::string key = session.wanted.node + "/" + session.wanted.id;
    if (feed_.put(key, wire::SessionDesired::kName, wire::encode(session.wanted))) exchange_.changed(stream_);
}

void Sessions::open(wire::SessionDesired wanted, Done<std::string> done) {
    if (open_.size() >= kMaxOpen)
        return done(fail(ErrorKind::unavailable, "as many commands run through this gateway as may (" +
                                                     std::to_string(kMaxOpen) + "); end one of them"));
    wanted.id = random_hex(32);
    const std::string id = wanted.id;
    Session& session = open_[id];
    session.wanted = std::move(wanted);
    session.opened = std::move(done);
    session.begun_at = session.read_at = session.node_at = loop_.now();
    if (timer_ == 0) timer_ = loop_.at(loop_.now() + kSessionLook, [this] { look(); });
    say(session);
}

void Sessions::read(const std::string& id, std::uint64_t heard, std::uint64_t after, Duration wait,
                    Done<SessionNews> done) {
    Session* session = find(id);
    if (session == nullptr) return done(no_session());
    session->read_at = loop_.now();
    loop_.cancel(std::exchange(session->reader_timer, 0));
    if (auto before = std::exchange(session->reader, std::move(done)))
        before(fail(ErrorKind::conflict, "somebody else reads the output now"));
    while (!session->unheard.empty() && session->unheard.front().number <= heard) session->unheard.pop_front();
    session->reader_after = after;
    session->reader_timer = loop_.at(loop_.now() + wait, [this, id] {
        if (Session* late = find(id)) answer(*late);
    });
    take(*session);
    settle(*session);
}

void Sessions::write(const std::string& id, std::uint64_t number, std::string bytes, bool last, Done<bool> done) {
    Session* session = find(id);
    if (session == nullptr) return done(no_session());
    wire::SessionDesired& wanted = session->wanted;
    if (number > wanted.input_number + 1 || number < wanted.input_number)
        return done(fail(ErrorKind::conflict, "the next piece of input is number " +
                                                  std::to_string(wanted.input_number + 1) + ", not " +
                                                  std::to_string(number)));
    if (number > wanted.input_number) {
        if (wanted.input_number > session->seen.heard)
            return done(fail(ErrorKind::conflict, "the piece of input before this one is under way"));
        wanted.input_number = number;
        wanted.input = std::move(bytes);
        wanted.input_ended = last;
        say(*session);
    }
    if (auto before = std::exchange(session->writer, std::move(done)))
        before(fail(ErrorKind::conflict, "the same piece was given again"));
    settle(*session);
}

Result<void> Sessions::resize(const std::string& id, std::uint32_t rows, std::uint32_t columns) {
    Session* session = find(id);
    if (session == nullptr) return no_session();
    session->wanted.rows = rows;
    session->wanted.columns = columns;
    say(*session);
    return {};
}

Result<void> Sessions::signal(const std::string& id, const std::string& name) {
    Session* session = find(id);
    if (session == nullptr) return no_session();
    auto& signals = session->wanted.signals;
    signals.push_back({signals.empty() ? 1 : signals.back().id + 1, "", name});
    if (signals.size() > kMaxSignals) signals.erase(signals.begin());
    say(*session);
    return {};
}

void Sessions::close(const std::string& id) {
    auto node = open_.extract(id);
    if (node.empty()) return;
    Session& session = node.mapped();
    loop_.cancel(session.reader_timer);
    if (feed_.erase(session.wanted.node + "/" + id)) exchange_.changed(stream_);
    if (session.opened) session.opened(no_session());
    if (session.writer) session.writer(no_session());
    if (session.reader) session.reader(no_session());
}

void Sessions::heard(const wire::Record& record) {
    Session* session = record.erased ? nullptr : find(record.key);
    if (session == nullptr || session->seen.phase == wire::SessionPhase::ended) return;
    auto seen = wire::decode<wire::SessionObserved>(record.body);
    if (!seen) return cut_off(*session, "the node says something about the session that cannot be understood");
    session->seen = std::move(*seen);
    session->node_at = loop_.now();
    take(*session);
    settle(*session);
}

// The newest piece, while there is room for it; then the node may say the next.
void Sessions::take(Session& session) {
    wire::SessionObserved& seen = session.seen;
    if (seen.output_number != session.wanted.heard + 1 || session.unheard.size() >= kMaxUnheard) return;
    session.unheard.push_back({seen.output_number, seen.stream, std::move(seen.output)});
    session.wanted.heard = seen.output_number;
    if (seen.phase != wire::SessionPhase::ended) say(session);
}

// Tells whoever waits what there is. Each may come back and change the session, so one at a time.
void Sessions::settle(Session& session) {
    const bool ended = session.seen.phase == wire::SessionPhase::ended;
    const std::string id = session.wanted.id;
    if (session.writer && (ended || session.seen.heard >= session.wanted.input_number))
        std::exchange(session.writer, nullptr)(!ended);
    Session* still = find(id);
    if (still != nullptr && still->opened && still->seen.phase != wire::SessionPhase::starting) {
        still->read_at = loop_.now();  // whoever waited could not read before
        std::exchange(still->opened, nullptr)(id);
    }
    still = find(id);
    if (still == nullptr || !still->reader) return;
    const bool news = !still->unheard.empty() && still->unheard.back().number > still->reader_after;
    if (ended || news) answer(*still);
}

void Sessions::answer(Session& session) {
    if (!session.reader) return;
    loop_.cancel(std::exchange(session.reader_timer, 0));
    SessionNews news;
    for (const SessionPiece& piece : session.unheard)
        if (piece.number > session.reader_after) news.pieces.push_back(piece);
    news.ended = session.seen.phase == wire::SessionPhase::ended && session.seen.output_number <= session.wanted.heard;
    news.code = session.seen.code;
    news.error = session.seen.error;
    session.read_at = loop_.now();
    std::exchange(session.reader, nullptr)(std::move(news));
}

void Sessions::cut_off(Session& session, const std::string& why) {
    session.seen.phase = wire::SessionPhase::ended;
    session.seen.code = kSessionCutOff;
    session.seen.error = why;
    session.seen.output_number = session.wanted.heard;
    settle(session);
}

void Sessions::node_heard(const std::string& node) {
    for (auto& [id, session] : open_)
        if (session.wanted.node == node) session.node_at = loop_.now();
}

void Sessions::fail_all(const Error& error) {
    std::vector<std::string> ids;
    for (auto& [id, session] : open_) ids.push_back(id);
    for (const std::string& id : ids)
        if (Session* session = find(id)) {
            cut_off(*session, error.message);
            close(id);
        }
}

void Sessions::look() {
    const Instant now = loop_.now();
    std::vector<std::string> gone;
    std::map<std::string, std::string> cut;
    for (const auto& [id, session] : open_) {
        if (!session.reader && !session.opened && now - session.read_at > kReader) gone.push_back(id);
        if (session.seen.phase == wire::SessionPhase::ended) continue;
        if (now - session.node_at > kSilence)
            cut[id] = "node " + session.wanted.node + " is not heard any more; the command was ended if it still runs";
        if (session.opened && now - session.begun_at > kOpenLimit)
            cut[id] = "the command has not started within " + to_string(kOpenLimit);
    }
    for (const auto& [id, why] : cut)
        if (Session* session = find(id)) cut_off(*session, why);
    for (const std::string& id : gone) close(id);
    timer_ = open_.empty() ? 0 : loop_.at(loop_.now() + kSessionLook, [this] { look(); });
}

}  // namespace drover::gateway
