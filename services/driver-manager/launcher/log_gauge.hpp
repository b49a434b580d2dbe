// LogGauge: how much a task has written, looked at again and again at the price of a read.
#pragma once

#include <array>
#include <string>

#include "base/unique_fd.hpp"
#include "driver-manager/launcher/log_reader.hpp"

namespace drover::launcher {

class LogGauge {
   public:
    LogGauge(std::string log_dir, const std::string& task);

    // Of standard output and standard error since the first start of the task, by the word of its shims; zeros before.
    // A file in the place of one that was removed is found within kStale looks.
    std::array<LogCount, 2> look();

    static constexpr unsigned kStale = 10;

   private:
    LogCount look(std::size_t stream);

    std::string log_dir_;
    std::array<std::string, 2> names_;
    std::array<UniqueFd, 2> fds_;
    unsigned looks_ = 0;
};

}  // namespace drover::launcher
