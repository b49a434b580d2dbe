#include "driver-manager/shell/session_desk.hpp"

#include "host/log.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

constexpr std::string_view kSessionsWanted = "session/";
constexpr std::string_view kSessionsSeen = "sessionseen/";
constexpr Duration kSessionLook = seconds(1);
constexpr std::int32_t kSessionCutOff = -1;
constexpr std::int32_t kSessionKilled = 128 + 9;
constexpr Duration kTaskEnd = milliseconds(300);  // from the death of a task's tree to the word of its shim

std::string session_gateway(const std::string& stream) { return stream.substr(kSessionsWanted.size()); }

}  // namespace

SessionDesk::SessionDesk(rt::Loop& loop, bus::Exchange& exchange, SessionHost& host, Limits limits, std::string node,
                         std::uint64_t epoch)
    : loop_(loop),
      exchange_(exchange),
      host_(host),
      limits_(std::move(limits)),
      node_(std::move(node)),
      epoch_(epoch) {}

SessionDesk::~SessionDesk() {
    loop_.cancel(timer_);
    for (const auto& [id, session] : sessions_) loop_.cancel(session.struck);
}

void SessionDesk::start() { exchange_.follow(std::string(kSessionsWanted), *this); }

SessionDesk::Gateway* SessionDesk::find_gateway(const std::string& name) {
    if (const auto it = gateways_.find(name); it != gateways_.end()) return it->second.get();
    if (gateways_.size() >= kMaxGateways) return nullptr;
    Gateway& made = *gateways_.emplace(name, std::make_unique<Gateway>(epoch_)).first->second;
    exchange_.offer(std::string(kSessionsSeen) + name, made.seen);
    return &made;
}

void SessionDesk::on_reset(const std::string&, const std::string& stream) {
    const auto it = gateways_.find(session_gateway(stream));
    if (it != gateways_.end()) it->second->stale = it->second->standing;
}

void SessionDesk::on_record(const std::string&, const std::string& stream, const wire::Record& record) {
    const std::string prefix = node_ + "/";
    if (!record.key.starts_with(prefix)) return;
    const std::string name = session_gateway(stream);
    const std::string id = record.key.substr(prefix.size());
    Gateway* gateway = find_gateway(name);
    if (gateway == nullptr) {
        ++refused_;
        return;
    }
    gateway->heard_at = loop_.now();
    if (record.erased) return withdraw(name, id);
    auto desired = wire::decode<wire::SessionDesired>(record.body);
    const bool known = gateway->standing.contains(id);
    if (!desired || desired->id != id || (!known && gateway->standing.size() >= kMaxStanding)) {
        ++refused_;
        return;
    }
    gateway->stale.erase(id);
    gateway->standing.insert(id);
    if (!known) return open(name, std::move(*desired));
    const auto session = sessions_.find(id);
    if (session == sessions_.end() || session->second.gateway != name) return;
    session->second.active_at = loop_.now();
    session->second.desired = std::move(*desired);
    session->second.program->say(session->second.desired);
}

void SessionDesk::on_complete(const std::string&, const std::string& stream) {
    const std::string name = session_gateway(stream);
    const auto it = gateways_.find(name);
    if (it == gateways_.end()) return;
    for (const std::string& id : std::set(std::move(it->second->stale))) withdraw(name, id);
    it->second->stale.clear();
}

void SessionDesk::on_current(const std::string&, const std::string& stream) {
    const auto it = gateways_.find(session_gateway(stream));
    if (it != gateways_.end()) it->second->heard_at = loop_.now();
}

void SessionDesk::open(const std::string& gateway, wire::SessionDesired desired) {
    const std::string id = desired.id;
    Session session{gateway, {}, std::move(desired), {}, nullptr, loop_.now()};
    session.seen.id = id;
    if (const auto begun = begin(session); !begun) {
        session.seen.phase = wire::SessionPhase::ended;
        session.seen.code = kSessionCutOff;
        session.seen.error = begun.error().message;
        return put(gateway, session.seen);
    }
    sessions_.insert_or_assign(id, std::move(session));
    if (timer_ == 0) timer_ = loop_.at(loop_.now() + kSessionLook, [this] { look(); });
}

Result<void> SessionDesk::begin(Session& session) {
    const wire::SessionDesired& desired = session.desired;
    if (limits_.sessions == 0)
        return fail(ErrorKind::refused, "this node runs no commands beside tasks: its owner has set sessions_max to 0");
    if (limits_.program.empty())
        return fail(ErrorKind::refused, "drover-session is not installed beside drover-driver-manager");
    if (sessions_.contains(desired.id)) return fail(ErrorKind::conflict, "there is a session of this id");
    if (sessions_.size() >= limits_.sessions)
        return fail(ErrorKind::refused, "this node runs as many commands beside tasks as it may (" +
                                            std::to_string(limits_.sessions) + ", sessions_max); end one of them");
    auto run = host_.find_run({desired.alloc, desired.task});
    if (!run) return tl::unexpected(run.error());
    if (const auto noted = host_.begin_session(*run, desired); !noted) return noted;
    session.run = *run;
    session.program =
        std::make_unique<SessionProgram>(loop_, [this, id = desired.id](std::optional<wire::SessionObserved> seen) {
            if (seen && seen->id == id) return heard(id, std::move(*seen));
            if (const auto it = sessions_.find(id); it != sessions_.end() && it->second.struck != 0) return;
            cut_off(id, "the program of the session, drover-session, has ended unexpectedly");
        });
    if (const auto started = session.program->start(limits_.program, host_.run_dir(*run)); !started) {
        host_.end_session(*run, desired.id, kSessionCutOff, started.error().message);
        return started;
    }
    session.program->say(desired);
    return {};
}

void SessionDesk::heard(const std::string& id, wire::SessionObserved seen) {
    const auto session = sessions_.find(id);
    if (session == sessions_.end()) return;
    session->second.active_at = loop_.now();
    session->second.seen = std::move(seen);
    const wire::SessionObserved& now = session->second.seen;
    if (now.phase != wire::SessionPhase::ended) return put(session->second.gateway, now);
    if (now.code != kSessionKilled || !now.error.empty()) return ended(id);
    // The end of a task takes what runs beside it along, and is told after that.
    session->second.struck = loop_.at(loop_.now() + kTaskEnd, [this, id] { ended(id); });
}

void SessionDesk::ended(const std::string& id) {
    const Session& session = sessions_.at(id);
    put(session.gateway, session.seen);
    over(id, session.seen.code, std::string(session.seen.error));
}

void SessionDesk::put(const std::string& gateway, const wire::SessionObserved& seen) {
    Gateway* there = find_gateway(gateway);
    if (there != nullptr && there->seen.put(seen.id, wire::SessionObserved::kName, wire::encode(seen)))
        exchange_.changed(std::string(kSessionsSeen) + gateway);
}

void SessionDesk::cut_off(const std::string& id, const std::string& why) {
    const auto session = sessions_.find(id);
    if (session == sessions_.end()) return;
    // The newest piece of output stays said.
    wire::SessionObserved& seen = session->second.seen;
    seen.phase = wire::SessionPhase::ended;
    seen.code = kSessionCutOff;
    seen.error = why;
    put(session->second.gateway, seen);
    over(id, kSessionCutOff, why);
}

void SessionDesk::over(const std::string& id, std::int32_t code, const std::string& error) {
    const auto session = sessions_.extract(id);
    if (session.empty()) return;
    loop_.cancel(session.mapped().struck);
    host_.end_session(session.mapped().run, id, code, error);
}

void SessionDesk::withdraw(const std::string& gateway, const std::string& id) {
    Gateway& there = *gateways_.at(gateway);
    there.standing.erase(id);
    there.stale.erase(id);
    const auto session = sessions_.find(id);
    if (session != sessions_.end() && session->second.gateway == gateway)
        over(id, kSessionCutOff, "whoever ran it went away");
    if (there.seen.erase(id)) exchange_.changed(std::string(kSessionsSeen) + gateway);
}

void SessionDesk::run_ended(const launcher::RunKey& run) {
    std::set<std::string> ids;
    for (const auto& [id, session] : sessions_)
        if (session.run == run) ids.insert(id);
    for (const std::string& id : ids) cut_off(id, "the task has ended");
}

void SessionDesk::look() {
    timer_ = sessions_.empty() ? 0 : loop_.at(loop_.now() + kSessionLook, [this] { look(); });
    std::map<std::string, std::string> ends;
    for (const auto& [id, session] : sessions_) {
        if (loop_.now() - session.active_at > limits_.idle)
            ends[id] = "nothing was typed or printed for " + to_string(limits_.idle) + " (session_idle_timeout)";
        if (loop_.now() - gateways_.at(session.gateway)->heard_at > kSilence)
            ends[id] = "the gateway that it went through is not heard any more";
    }
    for (const auto& [id, why] : ends) cut_off(id, why);
}

}  // namespace drover::driver_manager
