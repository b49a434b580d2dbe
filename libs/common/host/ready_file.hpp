// How a service says that it is ready; internal to host.
#pragma once

#include <string>

#include "base/result.hpp"

namespace drover::host {

// Holds the pid of a process that is ready. Removed by the one that wrote it; one left by a crash is removed when the
// next process starts.
class ReadyFile {
   public:
    explicit ReadyFile(std::string path);
    ~ReadyFile() { remove(); }
    ReadyFile(const ReadyFile&) = delete;
    ReadyFile& operator=(const ReadyFile&) = delete;

    // Appears whole or not at all.
    Result<void> write();
    void remove();

   private:
    std::string path_;
    bool written_ = false;
};

// Of the living process whose ready file this is. not_found: there is none, so nobody is ready; `path` says where it
// was looked for.
Result<long> ready_pid(const std::string& path);

// Tells the service manager, if there is one that listens (NOTIFY_SOCKET).
void notify_systemd(const std::string& state);

}  // namespace drover::host
