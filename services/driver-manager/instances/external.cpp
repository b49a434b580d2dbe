#include "driver-manager/instances/external.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "ipc/home.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/spawn.hpp"
#include "os/unix_socket.hpp"

namespace drover::driver_manager {

namespace {

constexpr Duration kFirstTry = milliseconds(10);  // to reach a driver that was launched just now
constexpr Duration kLongestTry = milliseconds(500);
constexpr Duration kListen = seconds(30);  // for an event
constexpr Duration kListenAgain = seconds(1);
constexpr off_t kMaxLog = 8 << 20;

std::string ending(const std::string& name, const std::optional<os::ExitStatus>& status, const std::string& words) {
    std::string text = "the driver " + name + " has ended";
    if (status && status->signal != 0)
        text = "the driver " + name + " was ended by signal " + std::to_string(status->signal);
    if (status && status->signal == 0) text += " with code " + std::to_string(status->code);
    return words.empty() ? text : text + "; its last words: " + words;
}

}  // namespace

ExternalDriver::ExternalDriver(rt::Loop& loop, Where where, Instance instance, Hooks hooks)
    : loop_(loop), where_(std::move(where)), instance_(std::move(instance)), hooks_(std::move(hooks)) {}

ExternalDriver::~ExternalDriver() {
    for (const rt::Token token : {on_death_, timer_, connect_, listen_}) loop_.cancel(token);
}

void ExternalDriver::start() { work(); }

void ExternalDriver::work() {
    loop_.cancel(std::exchange(timer_, 0));
    switch (instance_.next(loop_.now())) {
        case Instance::Act::none: break;
        case Instance::Act::dispense: dispense(); break;
        case Instance::Act::ask: ask(); break;
        case Instance::Act::drop:
            end_process(instance_.info().description);
            hooks_.changed();
            break;
    }
    const Instant when = instance_.wake_at();
    if (when != kNever) timer_ = loop_.at(when, [this] { work(); });
}

// What is remembered of it comes first, also of one that is about to be gone.
void ExternalDriver::dispense() {
    wanted_ = pidfd_.valid();
    if (wanted_) return;
    heard_ = 0;
    if (UniqueFd known = ipc::open_driver(where_.home); known.valid()) {
        watch(std::move(known));
        connect();
    } else {
        launch();
    }
}

void ExternalDriver::launch() {
    os::SpawnOptions options;
    options.path = where_.launcher;
    options.argv = {"drover-external", "launch", where_.program};
    options.env = where_.env;
    options.work_dir = where_.home;
    options.new_session = true;
    const auto made = os::make_dir(where_.home, 0700);
    auto process = made ? os::spawn(options, os::Stdio::null) : tl::unexpected(made.error());
    if (!process) return broke(process.error().message);
    hooks_.launched("launched the driver " + where_.name + " as process " + std::to_string(process->pid));
    watch(std::move(process->pidfd));
    connect();
}

void ExternalDriver::watch(UniqueFd pidfd) {
    pidfd_ = std::move(pidfd);
    why_.clear();
    tries_ = 0;
    on_death_ = loop_.on_readable(pidfd_.get(), [this] { died(); });
}

void ExternalDriver::connect() {
    connect_ = 0;
    auto socket = os::connect_stream_in(where_.home, ipc::kDriverSocket);
    if (!socket) {
        connect_ = loop_.at(loop_.now() + backoff(kFirstTry, tries_++, kLongestTry), [this] { connect(); });
        return;
    }
    line_ =
        std::make_unique<ipc::Line>(loop_, std::move(*socket), where_.name,
                                    ipc::Line::Hooks{[this] { ask(); }, [this](const Error& why) { line_broke(why); }});
}

void ExternalDriver::ask() {
    if (!line_) return;
    line_->call(ipc::make_call(wire::DriverVerb::fingerprint), Instance::kPatience,
                [this](const Result<wire::DriverAnswer>& answer) {
                    if (!answer) return;
                    const wire::DriverInfo before = instance_.info();
                    const bool known = instance_.known();
                    const bool good = answer->failure == wire::DriverFailure::none && answer->info;
                    wire::DriverInfo bad{true, false, "cannot tell how it is: " + ipc::to_error(*answer).message};
                    instance_.told(loop_.now(), good ? *answer->info : std::move(bad));
                    const bool same = before == instance_.info() && known && attributes_ == answer->attributes;
                    if (good) attributes_ = answer->attributes;
                    trim_log();
                    if (!events_ && listen_ == 0) listen();
                    work();
                    if (!same) hooks_.changed();
                });
}

void ExternalDriver::listen() {
    listen_ = 0;
    if (!line_) return;
    auto socket = os::connect_stream_in(where_.home, ipc::kDriverSocket);
    if (!socket) return listen_later();
    events_ =
        std::make_unique<ipc::Line>(loop_, std::move(*socket), where_.name, ipc::Line::Hooks{{}, [this](const Error&) {
                                                                                                 events_.reset();
                                                                                                 listen_later();
                                                                                             }});
    hear(wire::DriverAnswer{});
}

void ExternalDriver::hear(const Result<wire::DriverAnswer>& answer) {
    if (!answer || !events_ || answer->failure == wire::DriverFailure::unsupported) return;
    for (const wire::DriverEvent& event : answer->events) {
        if (event.number <= heard_) continue;
        heard_ = event.number;
        hooks_.said(event);
    }
    // One that has nothing to say should have taken its time.
    const bool hasty = listened_at_.set() && answer->events.empty() && loop_.now() - listened_at_ < kListenAgain;
    listened_at_ = loop_.now();
    if (hasty) {
        events_.reset();
        return listen_later();
    }
    wire::DriverCall call = ipc::make_call(wire::DriverVerb::events);
    call.timeout = kListen;
    call.after = heard_;
    events_->call(call, kListen + Instance::kPatience, [this](const auto& next) { hear(next); });
}

void ExternalDriver::listen_later() {
    loop_.cancel(listen_);
    listened_at_ = {};
    listen_ = loop_.at(loop_.now() + kListenAgain, [this] { listen(); });
}

const std::map<std::string, wire::DriverTaskUsage>& ExternalDriver::usage() {
    if (!line_ || measuring_ || instance_.state() != InstanceState::up) return usage_;
    measuring_ = true;
    line_->call(ipc::make_call(wire::DriverVerb::stats), Instance::kPatience,
                [this](const Result<wire::DriverAnswer>& answer) {
                    measuring_ = false;
                    usage_.clear();
                    if (!answer) return;
                    for (const wire::DriverTaskUsage& one : answer->usage) usage_[one.id] = one;
                });
    return usage_;
}

void ExternalDriver::leave() {
    if (pidfd_.valid()) (void)os::send_signal(pidfd_.get(), SIGTERM);
}

// A driver that closes the connection, is silent or says what cannot be is broken, whatever its process does.
void ExternalDriver::line_broke(const Error& why) {
    line_.reset();
    events_.reset();
    measuring_ = false;
    end_process(why.kind == ErrorKind::io ? "" : why.message);
    if (!pidfd_.valid()) broke(why.message);
}

// `why` is what will be said of it; empty: how its process ended.
void ExternalDriver::end_process(const std::string& why) {
    loop_.cancel(std::exchange(connect_, 0));
    loop_.cancel(std::exchange(listen_, 0));
    line_.reset();
    events_.reset();
    measuring_ = false;
    if (why_.empty()) why_ = why;
    if (pidfd_.valid()) (void)os::send_signal(pidfd_.get(), SIGKILL);
}

void ExternalDriver::died() {
    loop_.cancel(std::exchange(on_death_, 0));
    const std::optional<os::ExitStatus> status = os::reap(pidfd_.get());
    pidfd_.reset();
    const std::string why = std::exchange(why_, {});
    end_process("");
    why_.clear();
    if (std::exchange(wanted_, false)) return dispense();
    // Whoever launched it first is who it is.
    if (status && status->code == ipc::kLaunchedAlready && status->signal == 0 && ipc::open_driver(where_.home).valid())
        return dispense();
    broke(why.empty() ? ending(where_.name, status, ipc::last_words(where_.home)) : why);
}

void ExternalDriver::broke(const std::string& why) {
    const wire::DriverInfo before = instance_.info();
    const bool known = instance_.known();
    instance_.broke(loop_.now(), why);
    if (before != instance_.info() || known != instance_.known()) hooks_.changed();
    work();
}

void ExternalDriver::trim_log() const {
    struct stat st {};
    const std::string path = where_.home + "/" + ipc::kDriverLog;
    // What it writes is appended, so it goes on at the beginning.
    if (::stat(path.c_str(), &st) == 0 && st.st_size > kMaxLog) (void)!::truncate(path.c_str(), 0);
}

}  // namespace drover::driver_manager
