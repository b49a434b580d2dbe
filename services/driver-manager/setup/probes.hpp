// Probes: asks running tasks whether they are ready, until each has said so once.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/unique_fd.hpp"
#include "driver-manager/launcher/launcher.hpp"
#include "rt/loop.hpp"
#include "wire/job.hpp"

namespace drover::setup {

class Probes {
   public:
    // Heard once for each task that became ready, after which it is no longer asked.
    using Ready = std::function<void(const launcher::RunKey&)>;

    static constexpr Duration kShortest = milliseconds(10);  // between two questions

    Probes(rt::Loop& loop, Ready ready) : loop_(loop), ready_(std::move(ready)) {}
    ~Probes();
    Probes(const Probes&) = delete;
    Probes& operator=(const Probes&) = delete;

    // Asks in a later round, and then every interval. A file's relative path is below `task_dir`; `ports` are those of
    // the alloc, by label.
    void ask(const launcher::RunKey& key, const wire::ReadyProbe& probe, const std::string& task_dir,
             const std::map<std::string, std::uint32_t>& ports = {});
    void forget(const launcher::RunKey& key);

   private:
    struct Asked {
        std::string file;
        std::uint32_t port = 0;
        Duration interval;
        UniqueFd socket;  // of a connection that is not yet made or refused
        rt::Token next = 0;
    };

    void look(const launcher::RunKey& key);

    rt::Loop& loop_;
    Ready ready_;
    std::map<launcher::RunKey, Asked> asked_;
};

}  // namespace drover::setup
