// The launcher's inside. Each *.cpp holds one part of an incarnation's life: start.cpp, watch.cpp, finish.cpp,
// adopt.cpp.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "driver-manager/launcher/floors.hpp"
#include "driver-manager/launcher/orphans.hpp"
#include "driver-manager/launcher/record.hpp"
#include "driver-manager/launcher/run.hpp"
#include "os/cgroup.hpp"

namespace drover::launcher {

struct Launcher::State {
    State(rt::Loop& l, std::string dir, std::string shim_path, std::size_t limit, Listener& out,
          std::vector<std::string> begin_in)
        : loop(l),
          state_dir(std::move(dir)),
          shim(std::move(shim_path)),
          in_flight(limit),
          listener(out),
          shim_groups(std::move(begin_in)),
          floors(state_dir),
          cgroups(os::Cgroups::detect()) {}

    rt::Loop& loop;
    const std::string state_dir;
    const std::string shim;
    const std::size_t in_flight;
    Listener& listener;
    const std::vector<std::string> shim_groups;  // that shims begin in
    Floors floors;
    const os::Cgroups cgroups;

    std::map<RunKey, Run> runs;
    std::deque<RunKey> queue;
    std::set<RunKey> starting;  // those that hold one of the `in_flight` places
    std::set<RunKey> changed;   // what the listener has to hear
    rt::Token next_start = 0;
    rt::Token next_flush = 0;

    Run* find(const RunKey& key);
    Run& add(const RunKey& key, Stage stage);
    void erase(const RunKey& key);
    std::string task_dir(const RunKey& key) const { return state_dir + "/" + key.alloc + "/" + key.task; }
    std::string cgroup_name(const RunKey& key) const;

    // The listener hears of `run` in a later round, once, with the state it has then.
    void changed_now(Run& run);
    void flush();

    // start.cpp
    void start_later();
    void start_next();
    void start(Run& run);
    Result<void> claim(const Run& run, bool& claimed);
    void first_spawn(Run& run, const std::string& program, const std::string& spec, const std::string& order);
    Result<void> spawn(Run& run, const std::string& program);
    void never_started(Run& run, const std::string& why);
    void start_failed(Run& run, const std::string& sentence, bool recoverable);
    void leave_start(const Run& run);

    // watch.cpp
    void watch_shim(Run& run, UniqueFd pidfd);
    void use_socket(Run& run, UniqueFd socket);
    void connect(Run& run);
    void connect_later(Run& run);
    void disconnect(Run& run);
    void lose_contact(Run& run);
    void hear(Run& run);
    void apply(Run& run, const ShimStatus& status);
    void say_open_orders(Run& run);
    bool send(Run& run, const ShimRequest& request);
    void arm_watchdog(Run& run);

    // finish.cpp
    void shim_died(Run& run);
    void lost_shim(Run& run, const ShimStatus& last);
    bool replace_shim(Run& run);
    void begin_ending(Run& run, const ShimStatus& last);
    void strike(Run& run);
    void close_record(Run& run, const std::string& error);
    void ended(Run& run, const wire::IncarnationObserved& seen);

    // adopt.cpp
    Result<std::uint64_t> adopt_task(const std::string& alloc, const std::string& task);
    bool adopt(const RunKey& key);
    bool look(Run& run);
    bool look_without_record(Run& run, RecordState state);
    void look_again(Run& run);
    Result<void> end_orphan(Orphan orphan);

    // Runs `handler` for the run that has `key` then.
    template <class F>
    rt::Handler on_run(const Run& run, F handler) {
        return [this, key = run.key, handler] {
            if (Run* found = find(key)) handler(*found);
        };
    }
};

}  // namespace drover::launcher
