#include "state-store/shell/store.hpp"

#include <utility>

#include "base/hash.hpp"
#include "host/log.hpp"
#include "state-store/core/keys.hpp"
#include "state-store/core/reports.hpp"
#include "state-store/core/validate.hpp"

namespace drover::store {

namespace {

constexpr std::string_view kRequests = "request/";
constexpr std::string_view kAllocRunner = "alloc-runner";
constexpr std::string_view kDriverManager = "driver-manager";

std::string gateway_of(const std::string& stream) {
    return stream.starts_with(kRequests) ? stream.substr(kRequests.size()) : std::string();
}

}  // namespace

Store::Store(rt::Loop& loop, bus::Exchange& exchange, Engine& engine, Disk& disk, StoreLimits limits,
             std::uint64_t epoch, std::function<void(const Error&)> on_failure)
    : loop_(loop),
      exchange_(exchange),
      engine_(engine),
      disk_(disk),
      limits_(limits),
      on_failure_(std::move(on_failure)),
      view_(engine),
      event_log_(engine, kEventSpace),
      done_log_(engine, kDoneSpace),
      audit_log_(engine, kAuditSpace),
      state_feed_(engine, kStateSpace),
      event_feed_(engine, kEventSpace),
      audit_feed_(engine, kAuditSpace),
      desk_(exchange, epoch),
      leases_({}, false, loop.now()) {}

Store::~Store() {
    for (const rt::Token timer : {commit_timer_, question_timer_, lease_timer_, house_timer_}) loop_.cancel(timer);
}

Result<void> Store::start() {
    if (auto ok = read_recorded(); !ok) return ok;
    if (auto ok = disk_.reserve(); !ok) lose_room(ok.error());
    exchange_.offer("state", state_feed_);
    exchange_.offer("task/event", event_feed_);
    exchange_.offer("audit", audit_feed_);
    exchange_.follow("request/", *this);
    exchange_.follow("report/", *this);
    exchange_.follow("node", *this);
    exchange_.on_vector([this](const bus::Peer& peer, const wire::Vector& vector) { hear_vector(peer, vector); });
    watch_leases();
    collect_at_ = loop_.now() + limits_.collecting.interval;
    house_timer_ = loop_.at(loop_.now() + kHousekeeping, [this] { keep_house(); });
    commit_round();
    return {};
}

void Store::stop() {
    if (!failed_) commit_round();
    exchange_.leave();
}

void Store::on_reset(const std::string&, const std::string& stream) { desk_.begin_sweep(gateway_of(stream)); }

void Store::on_complete(const std::string&, const std::string& stream) {
    desk_.end_sweep(gateway_of(stream));
    desk_.publish();
}

void Store::on_record(const std::string& source, const std::string& stream, const wire::Record& record) {
    if (failed_) return;
    if (const std::string gateway = gateway_of(stream); !gateway.empty()) return hear_request(gateway, record);
    // A node or a report that is not said any more changes nothing about what was.
    if (record.erased) return;
    if (record.kind == wire::AllocReport::kName) return hear_statement<wire::AllocReport>(source, record);
    if (record.kind == wire::AllocDesired::kName) return hear_statement<wire::AllocDesired>(source, record);
    if (record.kind == wire::NodeObserved::kName) return hear_statement<wire::NodeObserved>(source, record);
    refuse(source, {ErrorKind::invalid, "a record of the unknown kind " + record.kind});
}

void Store::hear_request(const std::string& gateway, const wire::Record& record) {
    if (record.erased) {
        desk_.close(gateway, record.key);
        desk_.publish();
        return;
    }
    auto request = wire::decode<wire::Request>(record.body);
    if (!request) return refuse(gateway, request.error());
    if (request->id != record.key || !desk_.open(gateway, request->id)) {
        return refuse(gateway, {ErrorKind::invalid, "its request " + record.key.substr(0, 63) +
                                                        " is malformed, or too many of its requests stand"});
    }
    Asked asked{gateway, std::move(*request), random_hex(16)};
    switch (asked.request.ask) {
        case wire::Ask::events:
        case wire::Ask::audit:
        case wire::Ask::store_backup:
        case wire::Ask::store_check: return take_question(std::move(asked));
        case wire::Ask::collect:
            if (asked.request.dry_run) return take_question(std::move(asked));
            clearances_.push_back(std::move(asked));
            return commit_at(loop_.now());
        default: break;
    }
    if (!turn_away(asked)) take_in(std::move(asked));
}

template <class T>
void Store::hear_statement(const std::string& source, const wire::Record& record) {
    auto statement = wire::decode<T>(record.body);
    if (!statement) return refuse(source, statement.error());
    take_in(std::move(*statement));
}

void Store::take_in(Statement statement) {
    inbox_.push_back(std::move(statement));
    if (refusing_) {
        if (inbox_.size() < kMaxInbox) return;
        return fail_for_good({ErrorKind::io, "the disk has refused writes for too long"});
    }
    if (inbox_.size() >= kMaxBatch) return commit_round();
    commit_at(loop_.now());
}

void Store::hear_vector(const bus::Peer& peer, const wire::Vector& vector) {
    if (failed_ || !valid_name(peer.id)) return;
    const Instant now = loop_.now();
    watch_for_rollback(vector);
    if (peer.role == kDriverManager && nodes_.heard(peer.id, now)) commit_at(now);
    if (peer.role != kAllocRunner) return;
    const bool changed = vector.leaving ? leases_.left(peer.id, peer.boot) : leases_.heard(peer.id, peer.boot, now);
    if (changed) {
        log::info(vector.leaving ? "lease given back" : "lease granted",
                  {{"alloc_runner", peer.id}, {"boot", peer.boot}, {"generation", leases_.generation()}});
        commit_at(now);
    }
    watch_leases();
}

void Store::watch_leases() {
    const Instant next = leases_.next_expiry();
    if (lease_timer_ != 0 || next == kNever) return;
    lease_timer_ = loop_.at(next, [this] {
        lease_timer_ = 0;
        if (leases_.expire(loop_.now())) {
            log::info("lease lapsed", {{"generation", leases_.generation()}});
            commit_at(loop_.now());
        }
        watch_leases();
    });
}

void Store::keep_house() {
    house_timer_ = loop_.at(loop_.now() + kHousekeeping, [this] { keep_house(); });
    if (failed_ || refusing_) return;
    look_for_room();
    collecting_ = true;
    commit_round();
    if (auto ok = engine_.trim_tombstones(kStateSpace, limits_.tombstones); !ok) {
        log::warn("cannot forget old erasures", {{"error", ok.error()}});
    }
}

void Store::refuse(const std::string& source, const Error& why) {
    ++counters_.refused;
    log::debug("refused", {{"from", source}, {"why", why}});
}

}  // namespace drover::store
