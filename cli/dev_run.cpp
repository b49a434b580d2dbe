#include "cli/dev_run.hpp"

#include <unistd.h>

#include <csignal>

#include "cli/dev_place.hpp"
#include "rt/epoll_loop.hpp"
#include "rt/signals.hpp"

namespace drover::cli {
namespace {

constexpr Duration kTick = milliseconds(200);
constexpr Duration kStopLimit = seconds(7);  // a service's own limit is 5 s
constexpr Duration kStopTasksLimit = seconds(60);
constexpr Duration kSlowStart = seconds(10);

std::vector<std::string> own_environment() {
    std::vector<std::string> env;
    for (char** item = ::environ; *item != nullptr; ++item) env.emplace_back(*item);
    return env;
}

class Dev {
   public:
    Dev(Session& session, const DevOptions& options, const DevPlace& place)
        : session_(session),
          options_(options),
          supervisor_(loop_, dev_services(place, options.http, own_environment()),
                      [this](const std::string& name, const std::string& what) { say(name, what); }),
          signals_(loop_, {SIGINT, SIGTERM, SIGHUP}, [this](int) { on_signal(); }) {
        // The gateway to talk to is the one of this directory, whatever the caller's environment says.
        session_.environment.addr.clear();
        session_.environment.data_dir = options.data_dir;
    }

    int run() {
        supervisor_.start();
        started_ = loop_.now();
        tick(&Dev::until_ready);
        loop_.run();
        return kOk;
    }

   private:
    using Step = bool (Dev::*)();  // true: done

    // Calls `step` now and then until it is done or another one took its place.
    void tick(Step step) {
        loop_.cancel(timer_);
        if ((this->*step)()) return;
        timer_ = loop_.at(loop_.now() + kTick, [this, step] { tick(step); });
    }

    void say(const std::string& who, const std::string& what) {
        if (session_.print_json({{"time", session_.now().ns}, {"service", who}, {"message", what}})) return;
        std::string name = who;
        name.resize(std::max<std::size_t>(name.size(), 14), ' ');
        session_.out(session_.paint(clock(session_.now(), session_.now()), Tone::dim) + "  " + name + "  " + what +
                     "\n");
    }

    Client client() const {
        Client c = session_.client();
        c.set_limits(Duration{}, seconds(2));
        return c;
    }

    bool until_ready() {
        auto health = client().get("/v1/health");
        const bool ready = health && health->value("ok", false);
        if (ready) {
            announce();
        } else if (!told_slow_ && loop_.now() - started_ > kSlowStart) {
            told_slow_ = true;
            say("drover", "is not ready yet: " + (health ? (*health)["missing"].dump() : health.error().message));
        }
        return ready;
    }

    void announce() {
        auto address = find_gateway(session_.environment);
        const std::string url = address ? address->url : "?";
        if (session_.json) return say("drover", "ready at " + url);
        Environment plain = session_.environment;
        plain.data_dir.clear();
        const bool is_default = data_dir(plain) == options_.data_dir;
        session_.out(
            "\n" + session_.paint("Drover is ready", Tone::good) + " at " + url + ", data in " + options_.data_dir +
            "\n  in another terminal:  " +
            (is_default ? "" : "export DROVER_DATA_DIR=" + options_.data_dir + "\n                        ") +
            "drover job run examples/hello.yaml\n  logs of the services: " + options_.data_dir +
            "/logs\n  to stop:              Ctrl-C" +
            (options_.stop_tasks ? " (stops every job)" : " (tasks go on; the next `drover dev` adopts them)") +
            "\n\n");
    }

    void on_signal() {
        if (ending_) {
            say("drover", "stopping at once");
            return supervisor_.kill();
        }
        ending_ = true;
        loop_.cancel(timer_);
        if (!options_.stop_tasks) return stop_services();
        say("drover", "stopping every job");
        stop_tasks_until_ = loop_.now() + kStopTasksLimit;
        tick(&Dev::until_tasks_stopped);
    }

    // Asks for every job's stop as often as needed: any answer may be lost with the gateway.
    bool until_tasks_stopped() {
        std::size_t left = 0;
        auto jobs = client().get("/v1/jobs");
        for (const Json& job : jobs ? (*jobs)["jobs"] : Json::array()) {
            if (job.value("status", "") == "stopped") continue;
            ++left;
            if (!job.value("stopped", false))
                (void)client().remove("/v1/jobs/" + encode_segment(job.value("name", "")));
        }
        const bool done = jobs && left == 0;
        const bool late = loop_.now() > stop_tasks_until_;
        if (late && !done) {
            say("drover", jobs ? std::to_string(left) + " jobs did not stop within " + to_string(kStopTasksLimit) +
                                     "; their tasks go on"
                               : "cannot stop the jobs: " + jobs.error().message);
        }
        if (done || late) stop_services();
        return done || late;
    }

    void stop_services() {
        if (!options_.stop_tasks) say("drover", "stopping; tasks go on");
        supervisor_.stop(kStopLimit, [this] { loop_.stop(); });
    }

    Session& session_;
    const DevOptions& options_;
    rt::EpollLoop loop_;
    Supervisor supervisor_;
    rt::SignalWatch signals_;
    rt::Token timer_ = 0;
    Instant started_, stop_tasks_until_;
    bool told_slow_ = false;
    bool ending_ = false;
};

}  // namespace

int run_dev(Session& session, const DevOptions& options) {
    rt::block_signals({SIGINT, SIGTERM, SIGHUP});
    auto place = open_dev_place(options.data_dir);
    if (!place) return session.fail(place.error());
    auto leftovers = end_leftovers(*place);
    if (!leftovers) return session.fail(leftovers.error());
    if (*leftovers > 0 && !session.json) {
        session.out("Ended " + std::to_string(*leftovers) + " services that an earlier `drover dev` left behind.\n");
    }
    return Dev(session, options, *place).run();
}

}  // namespace drover::cli
