#include "users.hpp"

#include "wire/slots.hpp"

namespace drover::sim {
namespace {

constexpr int kUsers = 6;
constexpr const char* kSignals[] = {"SIGHUP", "SIGUSR1"};

class User {
   public:
    User(System& system, Random random, int number)
        : system_(system), random_(random), name_("user " + std::to_string(number)) {}

    void act() {
        if (random_.chance(25)) strike();
        switch (random_.below(15)) {
            case 0: return stop_job();
            case 1: return submit();
            case 2: return stop_alloc();
            case 3:
            case 4: return restart();
            case 5: return begin_again();
            case 6: return signal();
            case 7: return put_variable();
            case 8: return order_node();
            case 9: return collect();
            case 10:
            case 11: return rush();
            case 12:
            case 13: return begin_again();
            default: return signal();
        }
    }

   private:
    void say(const std::string& what) { system_.world.trace(name_ + "   " + what); }

    void stop_job() {
        wire::Request request;
        request.ask = wire::Ask::job_stop;
        request.job = system_.jobs[random_.below(system_.jobs.size())].name;
        request.purge = random_.chance(40);
        request.no_shutdown_delay = random_.chance(30);
        say("stops job " + request.job + (request.purge ? " for good" : ""));
        if (system_.store.ask(request)) system_.work.forget(request.job);
    }

    void change(std::size_t job) {
        system_.jobs[job].groups[0].tasks[0].env["VERSION"] = std::to_string(system_.world.steps);
    }

    void submit() {
        const std::size_t job = random_.below(system_.jobs.size());
        say("submits job " + system_.jobs[job].name + " again");
        if (random_.chance(50)) change(job);
        if (random_.chance(30)) system_.jobs[job].groups[0].count = static_cast<std::uint32_t>(random_.below(4));
        system_.submit(job);
    }

    std::string any_alloc() {
        const std::vector<std::string>& all = system_.store.allocs();
        return all.empty() ? "" : all[random_.below(all.size())];
    }

    wire::Request alloc(const std::string& does, wire::Ask ask) {
        wire::Request request;
        request.ask = ask;
        request.alloc = any_alloc();
        if (request.alloc.empty()) return request;
        const auto& tasks = system_.store.alloc(request.alloc)->group.tasks;
        request.task = tasks[random_.below(tasks.size())].name;
        say(does + " " + request.alloc.substr(0, 4) + "/" + request.task);
        return request;
    }

    void ask(const wire::Request& request) {
        if (!request.alloc.empty()) system_.store.ask(request);
    }
    void stop_alloc() {
        wire::Request request = alloc("stops", wire::Ask::alloc_stop);
        request.no_shutdown_delay = random_.chance(30);
        ask(request);
    }

    void restart() {
        wire::Request request = alloc("restarts", wire::Ask::alloc_restart);
        if (random_.chance(30)) request.task.clear();
        request.no_shutdown_delay = random_.chance(30);
        ask(request);
    }

    // Mostly one that has ended.
    void begin_again() {
        wire::Request request = alloc("begins again with all of", wire::Ask::alloc_restart);
        for (const std::string& id : system_.store.allocs()) {
            const wire::AllocStatus* status = system_.store.status(id);
            if (status && wire::has_ended(*status) && random_.chance(70)) request.alloc = id;
        }
        request.task.clear();
        request.all = true;
        ask(request);
    }

    void signal() {
        wire::Request request = alloc("signals", wire::Ask::alloc_signal);
        if (random_.chance(20)) request.task.clear();
        request.signal = kSignals[random_.below(2)];
        ask(request);
    }

    void put_variable() {
        say("puts a variable");
        const auto mode = static_cast<wire::ChangeMode>(random_.below(4));
        for (auto& node : system_.nodes) node->change_templates(mode);
    }

    void order_node() {
        wire::Request request;
        request.ask = wire::Ask::node_order;
        const std::string& node = system_.nodes[random_.below(system_.nodes.size())]->id();
        const bool drain = random_.chance(60);
        request.order = wire::NodeOrder{node, !drain && random_.chance(50), drain, {}};
        if (random_.chance(80)) request.deadline = random_.between(milliseconds(1), seconds(3));
        say((drain ? "drains " : request.order->eligible ? "opens " : "closes ") + node);
        system_.store.ask(request);
        if (!drain || !random_.chance(50)) return;
        request.order = wire::NodeOrder{node, true, false, {}};
        system_.world.after(random_.between(milliseconds(1), seconds(3)), [this, request] {
            say("ends the drain of " + request.order->node);
            system_.store.ask(request);
        });
    }

    void collect() {
        store::CollectRules rules;
        rules.max_age = rules.failed_max_age = random_.chance(50) ? Duration{} : milliseconds(500);
        if (random_.chance(30)) rules.at_once = 1;
        say("collects");
        system_.store.collect(rules);
    }

    // The user's wish and the end of an alloc-runner come together.
    void strike() {
        Runner& runner = *system_.runners[random_.below(system_.runners.size())];
        system_.world.after(random_.between(Duration{}, milliseconds(60)), [this, &runner] {
            if (!runner.up() || system_.trouble_over) return;
            system_.disturb();
            runner.crash();
        });
        system_.world.after(random_.between(milliseconds(61), milliseconds(300)), [this, &runner] {
            if (runner.up()) return;
            runner.start();
            system_.disturb();
        });
    }

    // Two who do not know of each other, while there is no node.
    void rush() {
        begin_again();
        const std::size_t job = random_.below(system_.jobs.size());
        change(job);
        say("at once submits job " + system_.jobs[job].name + " again, and no node is there");
        if (!system_.store.up()) return;
        for (auto& node : system_.nodes) system_.store.set_node(node->id(), false);
        system_.submit(job);
        if (random_.chance(50))
            system_.world.after(random_.between(milliseconds(10), milliseconds(500)), [this] { stop_job(); });
        system_.world.after(random_.between(milliseconds(50), seconds(1)), [this] {
            if (system_.store.up())
                for (auto& node : system_.nodes) system_.store.set_node(node->id(), true);
        });
    }

    System& system_;
    Random random_;
    std::string name_;
};

}  // namespace

void schedule_users(System& system) {
    for (int n = 1; n <= kUsers; ++n) {
        auto random = system.options.draw("user-" + std::to_string(n), 40);
        if (!random) continue;
        const Duration at = random->between(milliseconds(20), kTrouble);
        auto user = std::make_shared<User>(system, *random, n);
        system.world.after(at, [user] { user->act(); });
        system.keep(user);
    }
}

}  // namespace drover::sim
