// Output: moves what a task writes into its pipes to its log. The pipes are open for reading and writing at both ends,
// so nobody gets a broken one while there is no keeper.
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "rt/loop.hpp"
#include "shim/log.hpp"
#include "shim/spec.hpp"
#include "wire/driver.hpp"

namespace drover::external {

class Output {
   public:
    Output(rt::Loop& loop, const shim::Spec& spec, const wire::DriverTask& task)
        : loop_(loop), spec_(spec), task_(task) {}
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    // Errors may pass when tried again.
    Result<void> open();

    // Takes what is in the pipes; nothing more is expected.
    void drain();

    // Bytes that could not be written.
    std::uint64_t lost() const { return logs_[0].lost_total + logs_[1].lost_total; }

   private:
    bool pump(int stream);

    rt::Loop& loop_;
    const shim::Spec& spec_;
    const wire::DriverTask& task_;
    shim::Log logs_[2];
    UniqueFd pipes_[2];
    rt::Token tokens_[2] = {};
};

}  // namespace drover::external
