#include "driver-manager/templates/keeper.hpp"

#include <utility>

#include "os/files.hpp"

namespace drover::templates {

using driver_manager::TaskKey;

namespace {

constexpr const char* kFile = "/templates";

TaskKey key_of(const setup::Site& site) { return {site.command.alloc, site.command.task}; }

}  // namespace

// Waits within the keeper until everything can be rendered.
class Keeper::Step : public setup::Step {
   public:
    Step(Keeper& keeper, setup::Site& site, setup::StepVoice voice)
        : keeper_(keeper), site_(site), voice_(std::move(voice)) {}
    ~Step() override {
        const auto task = keeper_.tasks_.find(key_of(site_));
        if (task != keeper_.tasks_.end() && task->second.step == this) task->second.step = nullptr;
    }

    void begin() override {
        keeper_.task_of(site_).step = this;
        keeper_.look_soon(key_of(site_));
    }

    // May end the step, and with it this.
    void attempt(Task& task) {
        task.course.set_site(site_);
        const auto waits = task.course.begin(keeper_.variables_, site_.context.late_env);
        if (waits && !waits->empty()) {
            voice_.waits(*waits);
            return voice_.gives_way();
        }
        task.step = nullptr;
        task.follows = waits.has_value();
        keeper_.tell(key_of(site_), task);
        const setup::StepVoice voice = voice_;
        voice.ended(waits ? Result<void>() : tl::unexpected(waits.error()));
    }

   private:
    Keeper& keeper_;
    setup::Site& site_;
    setup::StepVoice voice_;
};

Keeper::Keeper(rt::Loop& loop, std::string state_dir, const Variables& variables, KeeperHooks hooks)
    : loop_(loop),
      state_dir_(std::move(state_dir)),
      variables_(variables),
      hooks_(std::move(hooks)),
      started_(loop.now()) {
    poll_timer_ = loop_.at(loop_.now() + kPoll, [this] { poll(); });
}

Keeper::~Keeper() {
    loop_.cancel(soon_timer_);
    loop_.cancel(poll_timer_);
}

std::unique_ptr<setup::Step> Keeper::step(setup::Site& site, setup::StepVoice voice) {
    return std::make_unique<Step>(*this, site, std::move(voice));
}

Keeper::Task& Keeper::task_of(const setup::Site& site) {
    const TaskKey key = key_of(site);
    const auto known = tasks_.find(key);
    if (known != tasks_.end()) return known->second;
    // The directory is there once a start was claimed; templates come before that.
    (void)os::make_dir(state_dir_ + "/" + key.alloc, 0700);
    (void)os::make_dir(state_dir_ + "/" + key.alloc + "/" + key.task, 0700);
    Task& task = tasks_.try_emplace(key, state_dir_ + "/" + key.alloc + "/" + key.task + kFile).first->second;
    if (const auto loaded = task.course.load(); !loaded) hooks_.warn(loaded.error().message);
    task.course.set_site(site);
    return task;
}

void Keeper::command(const setup::Site& site) {
    const TaskKey key = key_of(site);
    if (site.command.verb == wire::Verb::destroy || site.command.spec.templates.empty()) return forget(key);
    if (!tasks_.contains(key) && site.command.verb != wire::Verb::run) return;
    Task& task = task_of(site);
    task.course.set_site(site);
    task.follows = site.command.verb == wire::Verb::run && task.course.begun();
    const Act due = hooks_.starting(site) ? Act{} : task.course.acknowledge(site.command.rendered);
    act(task, due);
    if (due != Act{} && !task.course.save()) hooks_.warn("cannot remember which template changes have acted");
    tell(key, task);
    look_soon(key);
}

void Keeper::forget(const TaskKey& key) {
    const auto task = tasks_.find(key);
    if (task != tasks_.end() && task->second.step == nullptr) tasks_.erase(task);
}

void Keeper::started(const TaskKey& key) {
    const auto task = tasks_.find(key);
    if (task != tasks_.end()) command(setup::Site(task->second.course.site()));
}

void Keeper::act(const Task& task, const Act& act) {
    if (act == Act{}) return;
    setup::Site site = task.course.site();
    site.context.late_env = late_env(site);
    for (const std::string& signal : act.signals) hooks_.signal(site, signal);
    for (const wire::Template& spec : site.command.spec.templates) {
        for (const std::string& destination : act.scripts) {
            if (destination == spec.destination && spec.change_script) hooks_.script(site, spec);
        }
    }
}

void Keeper::failed(const TaskKey& key, const std::string& error) {
    const auto task = tasks_.find(key);
    if (task == tasks_.end()) return;
    task->second.course.note_failure(error);
    if (!task->second.course.save()) hooks_.warn("cannot remember what a template change failed with: " + error);
    tell(key, task->second);
}

void Keeper::variable_changed(const std::string& path) {
    for (const auto& [key, task] : tasks_) {
        if (task.course.reads(path)) look_soon(key);
    }
}

void Keeper::hearing_changed() { variable_changed(""); }

void Keeper::node_changed(const std::string& name, const std::map<std::string, std::string>& attributes) {
    for (auto& [key, task] : tasks_) {
        const drivers::TaskContext& known = task.course.site().context;
        if (known.node_name == name && known.attributes == attributes) continue;
        task.course.set_node(name, attributes);
        look_soon(key);
    }
}

void Keeper::look_soon(const TaskKey& key) {
    soon_.insert(key);
    if (soon_timer_ == 0) soon_timer_ = loop_.at(loop_.now(), [this] { look(); });
}

void Keeper::look() {
    soon_timer_ = 0;
    for (const TaskKey& key : std::exchange(soon_, {})) {
        const auto task = tasks_.find(key);
        if (task != tasks_.end()) look_at(key, task->second);
    }
}

void Keeper::poll() {
    for (const auto& [key, task] : tasks_) {
        if (task.step != nullptr || task.course.polls()) look_soon(key);
    }
    poll_timer_ = loop_.at(loop_.now() + kPoll, [this] { poll(); });
}

void Keeper::look_at(const TaskKey& key, Task& task) {
    if (task.step != nullptr) return task.step->attempt(task);
    if (!task.follows) return;
    const bool early = !variables_.ever_heard() && loop_.now() < started_ + kGrace && task.course.reads("");
    if (early) return;
    if (!task.course.follow(variables_, loop_.now())) {
        return hooks_.warn("cannot remember how templates of task " + key.task + " of alloc " + key.alloc + " changed");
    }
    tell(key, task);
}

void Keeper::tell(const TaskKey& key, Task& task) {
    const wire::RenderObserved now = task.course.observed();
    if (now == task.told) return;
    task.told = now;
    hooks_.changed(key, now);
}

}  // namespace drover::templates
