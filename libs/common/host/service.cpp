#include "host/service.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "host/log.hpp"
#include "host/metrics_server.hpp"
#include "host/ready_file.hpp"
#include "host/slots.hpp"
#include "rt/epoll_loop.hpp"
#include "rt/signals.hpp"

namespace drover::host {

namespace {

std::string service_name(const Program& program) {
    const std::string_view name = program.name;
    return std::string(name.starts_with("drover-") ? name.substr(7) : name);
}

class Running : public Host {
   public:
    Running(const Program& program, const ServiceConfig& config)
        : self_{service_name(program), config.id},
          ready_(config.run_dir + "/" + program.name + ".ready"),
          signals_(loop_, {SIGTERM, SIGINT, SIGHUP}, [this](int signal) { on_signal(signal); }) {}

    rt::Loop& loop() override { return loop_; }

    void ready() override {
        const auto written = ready_.write();
        if (!written) log::warn("cannot say that we are ready", {{"error", written.error()}});
        notify_systemd("READY=1");
        log::info("ready");
    }

    void stop(int code) override {
        if (code != 0) code_ = code;
        // From the loop, so that a service may ask for it while it is being made.
        loop_.at(loop_.now(), [this] { begin_stop(); });
    }

    std::string measure() const override {
        metrics::Page page;
        measure_process(page, self_);
        service_->measure(page);
        return page.text();
    }

    Result<void> serve_metrics(const std::string& address, const std::string& file) {
        metrics_ = std::make_unique<MetricsServer>(loop_, [this] { return measure(); });
        return metrics_->start(address, file);
    }

    int run(std::unique_ptr<Service> service) {
        service_ = std::move(service);
        loop_.run();
        ready_.remove();
        metrics_.reset();
        service_.reset();
        log::info("ended", {{"code", code_}});
        return code_;
    }

   private:
    void on_signal(int signal) {
        if (signal == SIGHUP) {
            log::info("reloading");
            service_->reload();
            return;
        }
        log::info("stopping", {{"signal", signal}});
        if (stopping_) return give_up("a second signal came");
        begin_stop();
    }

    void begin_stop() {
        if (stopping_) return;
        stopping_ = true;
        notify_systemd("STOPPING=1");
        ready_.remove();
        loop_.at(loop_.now() + kStopTimeout, [this] { give_up("the service took too long"); });
        service_->stop([this] { loop_.stop(); });
    }

    void give_up(const char* why) {
        log::warn("ended without a clean stop", {{"why", why}});
        code_ = 1;
        loop_.stop();
    }

    const Self self_;
    rt::EpollLoop loop_;
    ReadyFile ready_;
    rt::SignalWatch signals_;
    std::unique_ptr<Service> service_;
    std::unique_ptr<MetricsServer> metrics_;
    bool stopping_ = false;
    int code_ = 0;
};

Result<void> make_dir(const std::string& path) {
    std::error_code code;
    const auto parent = std::filesystem::path(path).parent_path();
    if (!parent.empty()) std::filesystem::create_directories(parent, code);
    if (::mkdir(path.c_str(), 0700) == 0 || (errno == EEXIST && std::filesystem::is_directory(path, code))) return {};
    return fail_errno("cannot make the directory " + path, errno);
}

// The soft limit of most systems is 1,024, and a task takes two descriptors of its driver-manager. Tasks do not inherit
// it: shim/heritage.cpp.
void allow_many_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// One arena for each thread, glibc's habit, keeps what each of them ever needed at once: in a gateway, whose every call
// may come to another thread, memory then grows for days.
void keep_memory_together() {
    constexpr int kArenas = 2;
    ::mallopt(M_ARENA_MAX, kArenas);
}

int say_wrong(const Program& program, const Error& error) {
    std::fprintf(stderr, "%s: %s\n", program.name.c_str(), error.message.c_str());
    return 2;
}

// For `id: auto`: makes the slot's id and directory those of the configuration.
Result<UniqueFd> take_slot_for(const Program& program, ServiceConfig& config) {
    const std::string service = service_name(program);
    if (!config.may_have_replicas)
        return fail(ErrorKind::invalid, "id: there is one " + service + " for a data directory; give it a name, as " +
                                            service + "-0, instead of auto");
    auto slot = take_slot(config.data_dir, service, own_hostname());
    if (!slot) return tl::unexpected(slot.error());
    config.id = slot->id;
    config.data_dir = slot->dir;
    config.numbered = true;
    return std::move(slot->lock);
}

// For health checks: their exit code counts, the sentence is for people.
int say_ready(const Program& program, const ServiceConfig& config) {
    const auto pid = ready_pid(config.run_dir + "/" + program.name + ".ready");
    std::printf("%s\n", pid ? ("ready, pid " + std::to_string(*pid)).c_str() : pid.error().message.c_str());
    return pid ? 0 : 1;
}

}  // namespace

std::vector<Option> ServiceConfig::service_options() {
    return {
        {"id", &id,
         "name of this process on the bus, the same after a restart; empty: the service's name and -0; auto: that of "
         "the first free slot in data_dir, for replicas that share it"},
        {"data_dir", &data_dir, "directory of what must survive"},
        {"run_dir", &run_dir, "directory of sockets and ready files"},
        {"bind", &bind,
         "endpoints to publish on: ipc:///path or tcp://address:port, or tcp://address:first-last for the first port "
         "that is free"},
        {"tap", &tap, "endpoints to publish on for monitors"},
        {"advertise", &advertise,
         "endpoints at which others reach what is bound, tcp://address:port or ipc:///path; empty: as bound, with this "
         "host's first address in the place of 0.0.0.0"},
        {"peers", &peers,
         "endpoints of the services to listen to, with CURVE each with the key behind it: "
         "tcp://store:7100#file:/keys/state-store.pub"},
        {"curve_public_key_file", &curve_public_key_file, "file with this process's public key, Z85; empty: no CURVE"},
        {"curve_secret_key_file", &curve_secret_key_file, "file with this process's secret key, Z85"},
        {"curve_peers_file", &curve_peers_file,
         "file with the public keys that may connect, one a line, each with a role: service, submit or tap"},
        {"metrics", &metrics,
         "HOST:PORT to serve metrics for Prometheus on, or HOST:FIRST-LAST for the first port that is free, or port 0 "
         "for any, which is written to <run_dir>/<program>.metrics; empty: nowhere"},
        {"log_level", &log_level, "debug, info, warn or error"},
        {"ready", &ask_ready, "only ask whether the service with these options is ready; exit code 0: it is"},
    };
}

int run_service(const Program& program, const ConfigInput& input, ServiceConfig& config,
                const std::vector<Option>& options, const Start& start, const Prepare& prepare) {
    const auto text = load_config(program, options, input);
    if (!text) return say_wrong(program, text.error());
    if (!text->empty()) {
        std::fputs(text->c_str(), stdout);
        return std::fflush(stdout) == 0 ? 0 : 1;
    }
    const auto level = log::parse_level(config.log_level);
    if (!level) return say_wrong(program, {level.error().kind, "log_level: " + level.error().message});
    if (config.id.empty()) config.id = service_name(program) + "-0";
    log::setup(program.name, *level);
    if (const auto prepared = prepare ? prepare() : Result<void>(); !prepared) {
        log::error("cannot start", {{"error", prepared.error()}});
        return 1;
    }
    if (config.ask_ready) return say_ready(program, config);
    rt::block_signals({SIGTERM, SIGINT, SIGHUP});
    allow_many_descriptors();
    keep_memory_together();
    for (const std::string& dir : {config.data_dir, config.run_dir}) {
        const auto made = make_dir(dir);
        if (!made) {
            log::error("cannot start", {{"error", made.error()}});
            return 1;
        }
    }
    UniqueFd slot;
    if (config.id == "auto") {
        auto taken = take_slot_for(program, config);
        if (!taken) {
            log::error("cannot start", {{"error", taken.error()}});
            return taken.error().kind == ErrorKind::invalid ? 2 : 1;
        }
        slot = std::move(*taken);
        log::info("replica", {{"id", config.id}, {"data_dir", config.data_dir}});
    }
    Running host(program, config);
    auto service = start(host);
    if (!service) {
        log::error("cannot start", {{"error", service.error()}});
        return 1;
    }
    const std::string file = config.run_dir + "/" + program.name + ".metrics";
    if (const auto served = config.metrics.empty() ? Result<void>() : host.serve_metrics(config.metrics, file);
        !served) {
        log::error("no metrics are served", {{"error", served.error()}});
        if (served.error().kind == ErrorKind::invalid) return 2;
    }
    return host.run(std::move(*service));
}

}  // namespace drover::host
