// What the launcher's tests share: a launcher on a real loop in a temporary directory, and its listener.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "driver-manager/launcher/launcher.hpp"
#include "driver-manager/launcher/log_reader.hpp"
#include "driver-manager/launcher/record.hpp"
#include "os/cgroup.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/proc.hpp"
#include "os/remove.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::launcher {

inline constexpr Duration kLimit = seconds(20);

class LauncherTest : public ::testing::Test, public Listener {
   protected:
    LauncherTest() {
        std::string path = ::testing::TempDir() + "drover-launcher-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        ::chmod(dir_.c_str(), 0755);
        EXPECT_TRUE(os::make_dir(dir_ + "/logs", 0777));
        plan_.work_dir = "/";
        plan_.log_dir = dir_ + "/logs";
        plan_.env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
        remake();
        EXPECT_TRUE(launcher_->adopt());
    }

    // Ends what a test left running, by its own means.
    ~LauncherTest() override {
        if (launcher_) {
            for (const auto& [key, state] : heard_) launcher_->stop(key, SIGKILL, {});
            until([&] { return all_ended(); });
        }
        launcher_.reset();
        EXPECT_TRUE(os::remove_tree(dir_));
    }

    void on_run(const RunKey& key, const wire::IncarnationObserved& state) override { heard_[key] = state; }

    // As after a restart of the driver-manager: a new launcher that knows nothing.
    void remake(std::size_t in_flight = 8) {
        launcher_.reset();
        launcher_ = std::make_unique<Launcher>(loop_, dir_ + "/state", shim(), in_flight, *this);
    }

    // Also for what the loop does not see, such as a file: looks every few milliseconds.
    bool until(const std::function<bool()>& done) {
        std::function<void()> tick = [&] { tick_ = loop_.at(loop_.now() + milliseconds(2), tick); };
        tick();
        const bool reached = loop_.run_until(done, kLimit);
        loop_.cancel(tick_);
        return reached;
    }

    std::uint64_t floor() const {
        const auto it = launcher_->floors().find({"alloc", "web"});
        return it == launcher_->floors().end() ? 0 : it->second;
    }

    static RunKey key(std::uint64_t seq) { return {"alloc", "web", seq}; }
    std::string run_dir(std::uint64_t seq) const { return dir_ + "/state/alloc/web/" + std::to_string(seq); }

    void launch(std::uint64_t seq, const std::string& script) {
        plan_.argv = {"/bin/sh", "-c", script};
        launcher_->launch(key(seq), "id-" + std::to_string(seq), plan_);
    }

    const wire::IncarnationObserved& seen(std::uint64_t seq) { return heard_[key(seq)]; }

    wire::IncarnationObserved wait_for(std::uint64_t seq, wire::RunPhase phase) {
        const bool found = until([&] { return seen(seq).phase == phase && seen(seq).seq == seq; });
        EXPECT_TRUE(found) << "incarnation " << seq << " is " << to_string(seen(seq).phase) << ": " << seen(seq).error;
        return seen(seq);
    }

    std::string log(const std::string& stream) const {
        const Result<LogSlice> slice = read_log(plan_.log_dir, "web", stream, {.limit = 1 << 20});
        return slice ? slice->data : slice.error().message;
    }

    void wait_for_log(const std::string& text) {
        EXPECT_TRUE(until([&] { return log("stdout") == text; })) << log("stdout");
    }

    static std::string read(const std::string& path) { return os::read_file(path, 1 << 20).value_or(std::string()); }

    bool all_ended() const {
        for (const auto& [key, state] : heard_) {
            if (state.phase == wire::RunPhase::running || state.phase == wire::RunPhase::starting) return false;
        }
        return true;
    }

    // Beside this program.
    static std::string shim() {
        std::string self(PATH_MAX, '\0');
        const ssize_t n = ::readlink("/proc/self/exe", self.data(), self.size());
        self.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return self.substr(0, self.rfind('/') + 1) + "drover-shim";
    }

    std::string dir_;
    rt::EpollLoop loop_;
    rt::Token tick_ = 0;
    drivers::LaunchPlan plan_;
    std::map<RunKey, wire::IncarnationObserved> heard_;
    std::unique_ptr<Launcher> launcher_;
};

}  // namespace drover::launcher
