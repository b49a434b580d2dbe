#include "driver-manager/external/keeper.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "os/signal_names.hpp"

namespace drover::external {

namespace {

constexpr Duration kTermTimeout = seconds(5);
constexpr Duration kSignalLimit = seconds(10);
constexpr Duration kToldLimit = seconds(2);  // for a driver to hear of a stop
constexpr Duration kFarewell = milliseconds(20);

std::string name_of(const char* home) {
    const std::string path = home;
    return path.substr(path.rfind('/') + 1);
}

int error_number(const Result<wire::DriverAnswer>& answer) {
    using wire::DriverFailure;
    if (!answer) return EHOSTDOWN;
    switch (answer->failure) {
        case DriverFailure::none: return 0;
        case DriverFailure::not_found: return ESRCH;
        case DriverFailure::unsupported: return EOPNOTSUPP;
        case DriverFailure::invalid: return EINVAL;
        default: return EAGAIN;
    }
}

}  // namespace

Keeper::Keeper(const shim::Spec& spec, wire::DriverTask task, supervisor::Post& post, bool resumed)
    : spec_(spec),
      task_(std::move(task)),
      driver_(name_of(spec.engine)),
      post_(post),
      course_(driver_, resumed, post.record().phase == SHIM_RUNNING),
      output_(loop_, spec, task_),
      signals_(loop_, {SIGTERM, SIGINT}, [this](int) { request_stop(SIGTERM, kTermTimeout); }) {}

Keeper::~Keeper() {
    for (const rt::Token token : clients_) loop_.cancel(token);
    for (const rt::Token token : {listen_, retry_, stop_retry_, by_hand_, untold_}) loop_.cancel(token);
}

void Keeper::run() {
    publish();
    if (const auto open = output_.open(); !open) return post_.fail_start(open.error().message, true);
    listen_ = loop_.on_readable(post_.control().listen_fd, [this] {
        shim::accept_client(&post_.control(), post_.record());
        watch_clients();
    });
    watch_clients();
    reach();
    while (!post_.finished()) loop_.run_until([this] { return post_.finished(); }, hours(1));
    // The last word to the driver leaves.
    loop_.run_until([] { return false; }, kFarewell);
}

// Clients move when one comes or goes.
void Keeper::watch_clients() {
    for (int i = 0; i < shim::kMaxClients; ++i) {
        loop_.cancel(std::exchange(clients_[i], 0));
        const int client = post_.control().clients[i];
        if (client >= 0) clients_[i] = loop_.on_readable(client, [this, i] { answer(i); });
    }
}

void Keeper::answer(int client) {
    ShimRequest request;
    shim::Control& control = post_.control();
    const bool asked = shim::next_request(&control, client, &request);
    if (asked && request.op == SHIM_OP_STOP) request_stop(request.signo, {request.timeout_ns});
    if (asked && request.op == SHIM_OP_SIGNAL) apply_signal(request.order, request.signo);
    if (asked && !post_.finished() && control.clients[client] >= 0) shim::tell(&control, client, post_.record());
    watch_clients();
}

void Keeper::request_stop(int signal, Duration timeout) {
    if (!post_.begin_stop()) return;
    const Instant now = loop_.now();
    kill_at_ = timeout < kNever - now ? now + timeout : kNever;
    stop_signal_ = signal;
    stop_due_ = true;
    if (timeout.ns > 0)
        untold_ = loop_.at(now + std::min(kToldLimit, Duration{timeout.ns / 2}), [this] { signal_by_hand(); });
    course_.stop();
    publish();
    settle();
}

void Keeper::apply_signal(std::uint64_t order, int number) {
    if (order <= post_.record().signals_applied) return;
    if (course_.stage() != driver_manager::CourseStage::running) return signal_applied(order, ESRCH);
    const auto line = orders();
    if (!line) return signal_applied(order, EHOSTDOWN);
    wire::DriverCall call = ipc::make_call(wire::DriverVerb::signal, task_.id);
    call.signal = os::signal_name(number);
    (*line)->call(call, kSignalLimit, [this, order](const Result<wire::DriverAnswer>& answer) {
        signal_applied(order, error_number(answer));
    });
}

void Keeper::signal_applied(std::uint64_t order, int error) {
    if (post_.signal_applied(order, error)) watch_clients();
}

void Keeper::publish() {
    post_.publish();
    watch_clients();
}

void Keeper::waits_for(const std::string& sentence) {
    post_.waits_for(sentence);
    watch_clients();
}

void Keeper::finish(ShimPhase phase) { post_.finish(phase, output_.lost()); }

}  // namespace drover::external
