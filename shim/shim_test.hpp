// What the shim's tests share: the real program, run in a temporary directory.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/remove.hpp"
#include "os/spawn.hpp"
#include "os/unix_socket.hpp"
#include "shim/protocol.h"

namespace drover::shim {

inline constexpr Duration kLimit = seconds(20);

class ShimTest : public ::testing::Test {
   public:
    ShimTest() {
        std::string path = ::testing::TempDir() + "drover-shim-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        EXPECT_TRUE(os::make_dir(dir_ + "/logs", 0777));
    }
    ~ShimTest() override { EXPECT_TRUE(os::remove_tree(dir_)); }

   protected:
    // Beside this program.
    static std::string program() {
        std::string self(PATH_MAX, '\0');
        const ssize_t n = ::readlink("/proc/self/exe", self.data(), self.size());
        self.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return self.substr(0, self.rfind('/') + 1) + "drover-shim";
    }

    std::string home(const std::string& name = "run") const { return dir_ + "/" + name; }

    void write_spec(const std::string& name, const std::vector<std::string>& argv,
                    const std::vector<std::string>& more = {}) const {
        std::string spec = std::string("id=the-id") + '\0' + "task=web" + '\0' + "log_dir=" + dir_ + "/logs" + '\0';
        for (const std::string& arg : argv) spec += "arg=" + arg + '\0';
        for (const std::string& entry : more) spec += entry + '\0';
        EXPECT_TRUE(os::make_dir(home(name), 0700));
        EXPECT_TRUE(os::write_file_atomic(home(name) + "/spec", spec, 0600, os::Durable::no));
    }

    os::Process start(const std::string& name = "run") const {
        os::SpawnOptions options;
        options.path = program();
        options.argv = {"drover-shim", home(name)};
        Result<os::Process> process = os::spawn(options, os::Stdio::null);
        EXPECT_TRUE(process) << process.error().message;
        return process ? std::move(*process) : os::Process{};
    }

    ShimStatus record(const std::string& name = "run") const {
        ShimStatus out{};
        const std::string bytes = os::read_file(home(name) + "/status", 4096).value_or(std::string());
        shim_status_pick(bytes.data(), bytes.size(), &out);
        return out;
    }

    // The record once the shim has ended.
    ShimStatus finish(const os::Process& shim, const std::string& name = "run") const {
        EXPECT_TRUE(os::wait_exited(shim.pidfd.get(), kLimit)) << "phase " << record(name).phase;
        EXPECT_EQ(os::reap(shim.pidfd.get()).value_or(os::ExitStatus{-1, 0}).code, 0);
        return record(name);
    }

    // Waits for the shim itself to say that its task runs.
    UniqueFd connect_when_running(const os::Process& shim, const std::string& name = "run") const {
        for (int i = 0; i < 4000; ++i) {
            Result<UniqueFd> fd = os::connect_in(home(name), SHIM_SOCKET);
            if (fd && hear(fd->get()).phase == SHIM_RUNNING) return std::move(*fd);
            if (os::wait_exited(shim.pidfd.get(), milliseconds(5))) break;
        }
        ADD_FAILURE() << "the task never ran: " << record(name).error;
        return {};
    }

    static ShimStatus hear(int fd) {
        ShimStatus status{};
        const timeval limit{20, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        const int flags = ::fcntl(fd, F_GETFL);
        ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
        if (::recv(fd, &status, sizeof status, 0) != static_cast<ssize_t>(sizeof status)) return {};
        return status;
    }

    static bool say(int fd, ShimOp op, int signo, std::uint64_t order, Duration timeout) {
        const ShimRequest request{SHIM_MAGIC, SHIM_VERSION, static_cast<uint32_t>(op), signo, order, timeout.ns};
        return ::send(fd, &request, sizeof request, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof request);
    }

    std::string log(const std::string& file) const {
        return os::read_file(dir_ + "/logs/" + file, 64 << 20).value_or("(no file)");
    }

    std::string dir_;
};

}  // namespace drover::shim
