// Keeper: the supervisor of one task of an external driver, with the shim's protocol and in its place. Two connections
// lead to the driver: on one the course of the task is asked for, the other carries stops and signals, which must not
// wait behind a wait. A driver that dies is waited for; it says nothing of the task.
#pragma once

#include <memory>
#include <string>

#include "driver-manager/core/course.hpp"
#include "driver-manager/external/output.hpp"
#include "driver-manager/supervisor/post.hpp"
#include "ipc/line.hpp"
#include "rt/epoll_loop.hpp"
#include "rt/signals.hpp"
#include "shim/spec.hpp"

namespace drover::external {

class Keeper {
   public:
    // In the incarnation's directory. SIGTERM and SIGINT are blocked. `resumed`: there was a keeper before.
    Keeper(const shim::Spec& spec, wire::DriverTask task, supervisor::Post& post, bool resumed);
    ~Keeper();
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    // Returns once the end of the task is on disk.
    void run();

   private:
    // keeper.cpp: what comes from outside
    void watch_clients();
    void answer(int client);
    void request_stop(int signal, Duration timeout);
    void apply_signal(std::uint64_t order, int number);
    void signal_applied(std::uint64_t order, int error);
    void publish();
    void waits_for(const std::string& sentence);
    void finish(ShimPhase phase);

    // driver.cpp: what is asked of the driver
    void reach();
    void reach_later(const std::string& why);
    void ask();
    void heard(const Result<wire::DriverAnswer>& answer);
    void settle();
    void runs();
    void ended();
    void send_stop();
    void stop_later();
    void signal_by_hand();
    void end_by_hand();
    Result<ipc::Line*> orders();

    rt::EpollLoop loop_;
    const shim::Spec& spec_;
    wire::DriverTask task_;
    std::string driver_;  // its name
    supervisor::Post& post_;
    driver_manager::Course course_;
    Output output_;
    rt::SignalWatch signals_;

    std::unique_ptr<ipc::Line> line_;
    std::unique_ptr<ipc::Line> orders_;
    rt::Token clients_[shim::kMaxClients] = {};
    rt::Token listen_ = 0;
    rt::Token retry_ = 0;
    rt::Token stop_retry_ = 0;
    rt::Token by_hand_ = 0;
    rt::Token untold_ = 0;
    std::uint64_t tries_ = 0;  // without an answer
    std::uint64_t stop_tries_ = 0;
    std::uint64_t blows_ = 0;
    bool stop_due_ = false;  // the driver has not heard of the stop
    bool stop_heard_ = false;
    bool signalled_ = false;  // by us, since the driver had not heard of the stop in time
    int stop_signal_ = 0;
    Instant kill_at_;
    Instant waits_since_;
};

}  // namespace drover::external
