// Instances: the instance managers of this node, one a driver. Our own drivers are part of this process and asked
// whenever somebody looks; external ones have processes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "driver-manager/core/instance.hpp"
#include "driver-manager/drivers/driver.hpp"
#include "driver-manager/drivers/policy.hpp"
#include "driver-manager/instances/external.hpp"
#include "rt/loop.hpp"

namespace drover::driver_manager {

// The programs in `dir` that are drivers, by name: every executable file, named without what follows the first dot.
// Empty: there are none. What cannot be a driver's name is in `unusable`, as sentences.
struct Programs {
    std::map<std::string, std::string> paths;
    std::vector<std::string> unusable;
};
Result<Programs> find_programs(const std::string& dir);

class Instances {
   public:
    struct Options {
        std::map<std::string, std::string> programs;  // of external drivers, by name
        std::string homes;                            // directory of their directories
        std::string launcher;                         // path of drover-external
        std::vector<std::string> env;                 // of their processes
        drivers::Policy policy;
        Duration period;  // between questions
    };
    static constexpr Duration kLongestPeriod = seconds(5);  // that a hanging driver may go unnoticed

    Instances(rt::Loop& loop, Options options, ExternalDriver::Hooks hooks);
    ~Instances();
    Instances(const Instances&) = delete;
    Instances& operator=(const Instances&) = delete;

    void start();

    // How every driver is, ours asked now.
    std::map<std::string, wire::DriverInfo> look(const drivers::HostFacts& host);

    // "driver.python.<name>" of what external drivers say of themselves.
    void add_attributes(std::map<std::string, std::string>& attributes) const;

    // Of every external driver it is known how it is, be it absent.
    bool known() const;

    // One of ours has broken, as its process would if it had one.
    void broke(const std::string& name, const std::string& why);

    // What the task uses, by the word of its driver; null: it does not say.
    const wire::DriverTaskUsage* usage(const std::string& driver, const std::string& id);

    // Ends the external drivers of which `busy` says that no task needs them.
    void leave(const std::function<bool(const std::string& driver)>& busy);

   private:
    rt::Loop& loop_;
    ExternalDriver::Hooks hooks_;
    std::map<std::string, Instance> ours_;
    std::map<std::string, std::unique_ptr<ExternalDriver>> external_;
    std::map<std::string, rt::Token> timers_;  // of ours that have broken
};

}  // namespace drover::driver_manager
