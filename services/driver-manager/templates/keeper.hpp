// Keeper: the templates of every task of this node. Renders them before a start, follows what they are made of while
// the task is to run, says what changed, and does what a change asks of us once the alloc-runner lets it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "driver-manager/core/inventory.hpp"
#include "driver-manager/templates/course.hpp"
#include "rt/loop.hpp"

namespace drover::templates {

// Called in later rounds of the loop, or from within command(). A signal or script that fails comes back as failed().
struct KeeperHooks {
    std::function<void(const driver_manager::TaskKey&, const wire::RenderObserved&)> changed;
    std::function<void(const setup::Site&, const std::string& signal)> signal;
    std::function<void(const setup::Site&, const wire::Template&)> script;
    std::function<void(const std::string& sentence)> warn;
    // The task's process is about to be started: what a change asks for waits for started().
    std::function<bool(const setup::Site&)> starting;
};

class Keeper {
   public:
    static constexpr Duration kPoll = seconds(1);
    // After a start of this process, before a state-store that was not heard yet makes anything stale.
    static constexpr Duration kGrace = seconds(10);

    // `state_dir` holds a directory <alloc>/<task> for each task that was started.
    Keeper(rt::Loop& loop, std::string state_dir, const Variables& variables, KeeperHooks hooks);
    ~Keeper();
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    // The setup step `templates`. What the environment gets is added to the site's late_env.
    std::unique_ptr<setup::Step> step(setup::Site& site, setup::StepVoice voice);

    // The standing command of a task, whenever one is heard.
    void command(const setup::Site& site);
    void forget(const driver_manager::TaskKey& key);
    // Its process runs.
    void started(const driver_manager::TaskKey& key);

    // A signal or a script of a change came to nothing; `error` is a sentence about it. Also from within the hooks.
    void failed(const driver_manager::TaskKey& key, const std::string& error);

    void variable_changed(const std::string& path);
    // The state-store is heard, or no longer.
    void hearing_changed();
    void node_changed(const std::string& name, const std::map<std::string, std::string>& attributes);

   private:
    class Step;
    struct Task {
        explicit Task(std::string file) : course(std::move(file)) {}
        Course course;
        Step* step = nullptr;  // while its start waits
        bool follows = false;
        wire::RenderObserved told;
    };

    Task& task_of(const setup::Site& site);
    void look_soon(const driver_manager::TaskKey& key);
    void look();
    void poll();
    void look_at(const driver_manager::TaskKey& key, Task& task);
    void tell(const driver_manager::TaskKey& key, Task& task);
    void act(const Task& task, const Act& act);

    rt::Loop& loop_;
    std::string state_dir_;
    const Variables& variables_;
    KeeperHooks hooks_;
    Instant started_;
    std::map<driver_manager::TaskKey, Task> tasks_;
    std::set<driver_manager::TaskKey> soon_;
    rt::Token soon_timer_ = 0;
    rt::Token poll_timer_ = 0;
};

}  // namespace drover::templates
