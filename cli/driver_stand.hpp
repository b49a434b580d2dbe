// DriverStand: an external driver on its own, with directories and pipes as a node would make them, for
// `drover driver test`.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "ipc/frames.hpp"
#include "os/spawn.hpp"
#include "wire/driver.hpp"

namespace drover::cli {

// One connection, over which one call after the other is made and waited for.
class DriverTalk {
   public:
    static Result<DriverTalk> open(const std::string& home);

    // Without a handshake first, unless it is one.
    Result<wire::DriverAnswer> call(wire::DriverCall call, Duration limit);
    // Any bytes, without a frame.
    void send(const std::string& bytes);
    // The next answer, whatever it answers.
    Result<wire::DriverAnswer> hear(Duration limit);

   private:
    explicit DriverTalk(UniqueFd socket) : socket_(std::move(socket)) {}

    UniqueFd socket_;
    ipc::Frames frames_;
    std::uint64_t number_ = 0;
};

class DriverStand {
   public:
    // In a directory of its own, which goes with this, like the driver and what the tasks have left.
    static Result<std::unique_ptr<DriverStand>> make(const std::string& program);
    ~DriverStand();
    DriverStand(const DriverStand&) = delete;
    DriverStand& operator=(const DriverStand&) = delete;

    const std::string& name() const { return name_; }  // what its file says
    const std::string& home() const { return dir_; }
    std::string last_words() const;

    // Launches it, and waits until somebody listens.
    Result<void> launch();
    // SIGKILL, and waits until it is gone.
    void kill();
    bool lives() const;

    // A connection after the handshake.
    Result<DriverTalk> talk() const;

    // A start that nobody has asked for yet, of the driver's sample.
    Result<wire::DriverTask> task(const wire::Value::Map& samples, const std::string& sample);
    // What the task has written to standard output since it was last asked for, waited for a little.
    std::string output(const wire::DriverTask& task) const;
    // Processes with the task's environment that are not children of others with it.
    static std::size_t roots(const wire::DriverTask& task);

   private:
    DriverStand(std::string program, std::string dir);

    std::string program_;
    std::string name_;
    std::string dir_;
    std::optional<os::Process> process_;
    std::vector<wire::DriverTask> tasks_;
    std::vector<UniqueFd> pipes_;  // open, so that what is written stays
};

}  // namespace drover::cli
