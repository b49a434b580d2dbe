#include "driver-manager/instances/instances.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "driver-manager/drivers/external.hpp"
#include "os/files.hpp"

namespace drover::driver_manager {

namespace {

constexpr std::size_t kMaxPrograms = 64;
constexpr Duration kRelaunch = milliseconds(500);  // what a process would need, were there one

bool is_program(const std::string& path) {
    struct stat st {};
    return ::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::string forbidden(const drivers::Policy& policy, std::string_view name) {
    const auto permitted = drivers::permit(policy, name);
    return permitted ? "" : permitted.error().message;
}

}  // namespace

Result<Programs> find_programs(const std::string& dir) {
    Programs found;
    if (dir.empty()) return found;
    const auto names = os::list_dir(dir, 4096);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& file : *names) {
        const std::string path = dir + "/" + file;
        if (file.front() == '.' || !is_program(path)) continue;
        const std::string name = file.substr(0, file.find('.'));
        if (!drivers::may_be_external(name)) {
            found.unusable.push_back(path + " cannot be a driver: \"" + name +
                                     "\" is no driver's name, or too near to that of one of ours; rename it");
        } else if (found.paths.size() == kMaxPrograms || !found.paths.emplace(name, path).second) {
            found.unusable.push_back(path + " cannot be a driver: there is another of that name, or too many");
        }
    }
    return found;
}

Instances::Instances(rt::Loop& loop, Options options, ExternalDriver::Hooks hooks)
    : loop_(loop), hooks_(std::move(hooks)) {
    for (const drivers::Driver& driver : drivers::all_drivers())
        ours_.emplace(driver.name, Instance(options.period, forbidden(options.policy, driver.name)));
    const Duration period = std::min(options.period, kLongestPeriod);
    for (const auto& [name, program] : options.programs) {
        ExternalDriver::Where where{name, program, options.homes + "/" + name, options.launcher, options.env};
        where.env.push_back("DROVER_DRIVER_NAME=" + name);
        where.env.push_back("DROVER_DRIVER_DIR=" + where.home);
        external_[name] = std::make_unique<ExternalDriver>(loop, std::move(where),
                                                           Instance(period, forbidden(options.policy, name)), hooks_);
    }
}

Instances::~Instances() {
    for (const auto& [name, timer] : timers_) loop_.cancel(timer);
}

void Instances::start() {
    for (const auto& [name, driver] : external_) driver->start();
}

std::map<std::string, wire::DriverInfo> Instances::look(const drivers::HostFacts& host) {
    std::map<std::string, wire::DriverInfo> seen;
    for (const drivers::Driver& driver : drivers::all_drivers()) {
        Instance& instance = ours_.at(std::string(driver.name));
        if (!timers_.contains(std::string(driver.name))) {
            (void)instance.next(loop_.now());
            instance.told(loop_.now(), driver.fingerprint(host));
        }
        seen[std::string(driver.name)] = instance.info();
    }
    for (const auto& [name, driver] : external_) seen[name] = driver->instance().info();
    return seen;
}

void Instances::add_attributes(std::map<std::string, std::string>& attributes) const {
    for (const auto& [name, driver] : external_)
        for (const auto& [key, value] : driver->attributes()) attributes["driver." + name + "." + key] = value;
}

bool Instances::known() const {
    return std::all_of(external_.begin(), external_.end(),
                       [](const auto& entry) { return entry.second->instance().known(); });
}

void Instances::broke(const std::string& name, const std::string& why) {
    const auto found = ours_.find(name);
    if (found == ours_.end() || timers_.contains(name)) return;
    found->second.broke(loop_.now(), why);
    const Instant back = std::max(found->second.wake_at(), loop_.now() + kRelaunch);
    timers_[name] = loop_.at(back, [this, name] {
        timers_.erase(name);
        hooks_.changed();
    });
    hooks_.changed();
}

const wire::DriverTaskUsage* Instances::usage(const std::string& driver, const std::string& id) {
    const auto found = external_.find(driver);
    if (found == external_.end()) return nullptr;
    const auto& all = found->second->usage();
    const auto task = all.find(id);
    return task == all.end() ? nullptr : &task->second;
}

void Instances::leave(const std::function<bool(const std::string& driver)>& busy) {
    for (const auto& [name, driver] : external_)
        if (!busy(name)) driver->leave();
}

}  // namespace drover::driver_manager
