// Keeper: the supervisor of one container, with the shim's protocol and in its place. It makes the container and starts
// it, moves its output into the task's log, carries signals and stops to it, and records its end. Whatever it needs to
// know is in the incarnation's directory and at the daemon, where the container is found by its labels; so a keeper
// that was killed is followed by another, and a daemon that is away is waited for: it says nothing of the container.
#pragma once

#include <optional>
#include <string>

#include "driver-manager/docker/answers.hpp"
#include "driver-manager/docker/engine.hpp"
#include "driver-manager/docker/frames.hpp"
#include "driver-manager/supervisor/post.hpp"
#include "shim/log.hpp"
#include "shim/spec.hpp"

namespace drover::docker {

class Keeper {
   public:
    // In the incarnation's directory. SIGTERM and SIGINT are blocked. `resumed`: there was a keeper before.
    Keeper(const shim::Spec& spec, supervisor::Post& post, bool resumed);

    // Returns once the end of the container is on disk.
    void run();

   private:
    enum class Stage { starting, running };

    // keeper.cpp: what comes from outside
    void wait();
    void answer(int client);
    void request_stop(std::int64_t timeout_ns);
    void apply_signal(std::uint64_t order, int number);
    void look_later();

    // container.cpp: what it does at the daemon
    void look();
    Result<std::optional<Container>> find();
    void create();
    void start(const Container& container);
    void watch(const Container& container);
    void never_started(const std::string& id);
    void ended(const Container& container);
    void gone();
    Result<bool> kill(const std::string& signal);
    void signal_by_hand();
    void kill_now();
    void remove(const std::string& id);
    void finish(ShimPhase phase);

    // output.cpp
    Result<void> open_log();
    Result<void> open_output(bool follow);
    void hear();
    Result<void> drain();
    void keep_positions();

    const shim::Spec& spec_;
    supervisor::Post& post_;
    Engine engine_;
    Stage stage_ = Stage::starting;
    bool may_exist_;  // it, or somebody before it, has asked for the container
    std::string id_;  // of the container, once it is known
    std::string stop_signal_;

    shim::Log logs_[2];
    int positions_fd_ = -1;
    std::optional<Frames> frames_;
    std::optional<Stream> output_;

    // Monotonic nanoseconds; kNever when nothing is waited for.
    std::int64_t look_at_ = 0;
    std::int64_t kill_at_ = 0;
    std::int64_t opened_at_ = 0;  // of the output
    std::uint64_t looks_ = 0;     // without an answer
    bool signal_due_ = false;     // the stop signal has not reached the container
};

}  // namespace drover::docker
