// ExternalDriver: a driver that is a program of its own. Its process is launched when it is needed, found again by its
// home after a restart of this one, killed when it hangs, and launched again when it is gone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "driver-manager/core/instance.hpp"
#include "ipc/line.hpp"
#include "rt/loop.hpp"

namespace drover::driver_manager {

class ExternalDriver {
   public:
    struct Where {
        std::string name;
        std::string program;
        std::string home;              // a directory of its own (ipc/home.hpp)
        std::string launcher;          // path of drover-external
        std::vector<std::string> env;  // "NAME=value", the whole environment
    };
    struct Hooks {
        std::function<void()> changed{};                       // instance().info() says something else
        std::function<void(const wire::DriverEvent&)> said{};  // something about a task
        std::function<void(const std::string&)> launched{};    // a sentence for the log
    };

    ExternalDriver(rt::Loop& loop, Where where, Instance instance, Hooks hooks);
    ~ExternalDriver();
    ExternalDriver(const ExternalDriver&) = delete;
    ExternalDriver& operator=(const ExternalDriver&) = delete;

    // It is needed; whether it may be used or not is the instance's to say.
    void start();

    const Instance& instance() const { return instance_; }
    const std::map<std::string, std::string>& attributes() const { return attributes_; }

    // What its tasks use, by id, as told last; asks for what they use now.
    const std::map<std::string, wire::DriverTaskUsage>& usage();

    // Nobody needs its process any more: it is asked to end.
    void leave();

   private:
    void work();
    void dispense();
    void launch();
    void watch(UniqueFd pidfd);
    void connect();
    void ask();
    void listen();
    void hear(const Result<wire::DriverAnswer>& answer);
    void listen_later();
    void line_broke(const Error& why);
    void end_process(const std::string& why);
    void died();
    void broke(const std::string& why);
    void trim_log() const;

    rt::Loop& loop_;
    Where where_;
    Instance instance_;
    Hooks hooks_;
    std::map<std::string, std::string> attributes_;
    std::map<std::string, wire::DriverTaskUsage> usage_;

    UniqueFd pidfd_;       // of the process, also of one that is being killed
    bool wanted_ = false;  // once that one is gone
    std::string why_;      // it is being killed
    std::unique_ptr<ipc::Line> line_;
    std::unique_ptr<ipc::Line> events_;
    std::uint64_t heard_ = 0;  // number of the last event
    Instant listened_at_;
    std::uint64_t tries_ = 0;  // to connect
    bool measuring_ = false;
    rt::Token on_death_ = 0;
    rt::Token timer_ = 0;
    rt::Token connect_ = 0;
    rt::Token listen_ = 0;
};

}  // namespace drover::driver_manager
