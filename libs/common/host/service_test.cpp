#include "host/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/unique_fd.hpp"

namespace drover::host {
namespace {

using testing::HasSubstr;

const Program kProbe{"drover-probe", "Probes.", "drover-probe"};

// A service made of functions.
struct Probe : Service {
    std::function<void(std::function<void()>)> on_stop = [](auto done) { done(); };
    std::function<void()> on_reload = [] {};

    void stop(std::function<void()> done) override { on_stop(std::move(done)); }
    void reload() override { on_reload(); }
};

class ServiceTest : public testing::Test {
   public:
    ServiceTest() {
        std::string pattern = testing::TempDir() + "service_test_XXXXXX";
        dir_ = ::mkdtemp(pattern.data());
    }
    ~ServiceTest() override { std::filesystem::remove_all(dir_); }

   protected:
    int run(const Start& start) {
        const ConfigInput input{{"--data-dir", dir_ + "/data", "--run-dir", dir_ + "/run"}, {}};
        testing::internal::CaptureStderr();
        const int code = run_service(kProbe, input, config_, config_.options(), start);
        log_ = testing::internal::GetCapturedStderr();
        return code;
    }

    static void send(int signal) { ::kill(::getpid(), signal); }
    std::string ready_path() const { return dir_ + "/run/drover-probe.ready"; }

    std::string dir_;
    std::string log_;
    ServiceConfig config_;
};

TEST_F(ServiceTest, TellsWhoAsksWhetherItIsReady) {
    config_.ask_ready = true;
    const Start none = [](Host&) -> Result<std::unique_ptr<Service>> {
        return fail(ErrorKind::io, "not to be started");
    };
    EXPECT_EQ(run(none), 1);
    std::filesystem::create_directories(dir_ + "/run");
    std::ofstream(ready_path()) << ::getpid() << "\n";
    EXPECT_EQ(run(none), 0);
    std::ofstream(ready_path()) << 999'999'999 << "\n";
    EXPECT_EQ(run(none), 1) << "it has ended";
    EXPECT_TRUE(log_.empty()) << log_;
}

TEST_F(ServiceTest, IsPreparedBeforeAnythingIsReadOrMade) {
    const ConfigInput input{{"--data-dir", dir_ + "/data", "--run-dir", dir_ + "/run"}, {}};
    const Start none = [](Host&) -> Result<std::unique_ptr<Service>> {
        return fail(ErrorKind::io, "not to be started");
    };
    const Prepare fails = [&]() -> Result<void> {
        EXPECT_FALSE(std::filesystem::exists(dir_ + "/data"));
        return fail(ErrorKind::io, "no way");
    };
    testing::internal::CaptureStderr();
    EXPECT_EQ(run_service(kProbe, input, config_, config_.options(), none, fails), 1);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("no way"));
    EXPECT_FALSE(std::filesystem::exists(dir_ + "/data"));
}

TEST_F(ServiceTest, SigtermEndsItCleanlyWithCode0) {
    bool stopped = false;
    const int code = run([&](Host& host) {
        auto probe = std::make_unique<Probe>();
        probe->on_stop = [&](auto done) {
            stopped = true;
            done();
        };
        host.loop().at(host.loop().now(), [] { send(SIGTERM); });
        return probe;
    });
    EXPECT_EQ(code, 0);
    EXPECT_TRUE(stopped);
}

TEST_F(ServiceTest, TheReadyFileHoldsThePidFromReadyToTheEnd) {
    std::string pid;
    const int code = run([&](Host& host) {
        std::ofstream(ready_path()) << "left by a crash";
        host.ready();
        host.loop().at(host.loop().now(), [&] {
            std::ifstream(ready_path()) >> pid;
            send(SIGINT);
        });
        return std::make_unique<Probe>();
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(pid, std::to_string(::getpid()));
    EXPECT_FALSE(std::filesystem::exists(ready_path()));
}

TEST_F(ServiceTest, AReadyFileLeftByACrashIsGoneBeforeTheServiceStarts) {
    std::filesystem::create_directory(dir_ + "/run");
    std::ofstream(ready_path()) << "left by a crash";
    run([&](Host& host) {
        EXPECT_FALSE(std::filesystem::exists(ready_path()));
        host.stop(0);
        return std::make_unique<Probe>();
    });
}

TEST_F(ServiceTest, MayHaveAsManyDescriptorsAsTheSystemAllows) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit few{std::min<rlim_t>(before.rlim_max, 256), before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    rlimit within{};
    run([&](Host& host) {
        ::getrlimit(RLIMIT_NOFILE, &within);
        host.stop(0);
        return std::make_unique<Probe>();
    });
    EXPECT_EQ(within.rlim_cur, before.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(ServiceTest, ASecondSignalEndsItWithoutWaiting) {
    const int code = run([&](Host& host) {
        auto probe = std::make_unique<Probe>();
        probe->on_stop = [](const auto&) { send(SIGTERM); };
        host.loop().at(host.loop().now(), [] { send(SIGTERM); });
        return probe;
    });
    EXPECT_EQ(code, 1);
    EXPECT_THAT(log_, HasSubstr("a second signal came"));
}

TEST_F(ServiceTest, SighupReloadsAndKeepsRunning) {
    int reloads = 0;
    const int code = run([&](Host& host) {
        auto probe = std::make_unique<Probe>();
        probe->on_reload = [&] {
            ++reloads;
            send(SIGTERM);
        };
        host.loop().at(host.loop().now(), [] { send(SIGHUP); });
        return probe;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(reloads, 1);
}

TEST_F(ServiceTest, AServiceThatEndsItselfExitsWithItsCode) {
    EXPECT_EQ(run([](Host& host) {
                  host.stop(1);
                  return std::make_unique<Probe>();
              }),
              1);
}

TEST_F(ServiceTest, AFailedStartExitsWith1AndSaysWhy) {
    EXPECT_EQ(run([](Host&) -> Result<std::unique_ptr<Service>> { return fail(ErrorKind::io, "the disk is full"); }),
              1);
    EXPECT_THAT(log_, HasSubstr("the disk is full"));
}

TEST_F(ServiceTest, AWrongConfigurationExitsWith2BeforeAnythingStarts) {
    testing::internal::CaptureStderr();
    const int code = run_service(kProbe, {{"--bnid", "x"}, {}}, config_, config_.options(), [](Host&) {
        ADD_FAILURE();
        return std::make_unique<Probe>();
    });
    EXPECT_EQ(code, 2);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "drover-probe: --bnid: unknown option; did you mean --bind?\n");
}

TEST_F(ServiceTest, ItsDirectoriesAreMadePrivateAndItsIdFromItsName) {
    run([](Host& host) {
        host.stop(0);
        return std::make_unique<Probe>();
    });
    for (const char* name : {"/data", "/run"}) {
        struct stat info {};
        ASSERT_EQ(::stat((dir_ + name).c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0777U, 0700U);
    }
    EXPECT_EQ(config_.id, "probe-0");
}

TEST_F(ServiceTest, AReplicaWithoutANameTakesASlotAndItsDirectory) {
    config_.id = "auto";
    run([](Host& host) {
        host.stop(0);
        return std::make_unique<Probe>();
    });
    EXPECT_EQ(config_.id, "probe-0");
    EXPECT_EQ(config_.data_dir, dir_ + "/data/slots/probe-0");
}

TEST_F(ServiceTest, AServiceThatMayHaveNoReplicasTakesNoSlot) {
    config_.id = "auto";
    config_.may_have_replicas = false;
    EXPECT_EQ(run([](Host&) {
                  ADD_FAILURE();
                  return std::make_unique<Probe>();
              }),
              2);
    EXPECT_THAT(log_, HasSubstr("give it a name, as probe-0"));
}

TEST_F(ServiceTest, SystemdHearsThatItIsReady) {
    const std::string path = dir_ + "/notify";
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    run([](Host& host) {
        host.ready();
        host.stop(0);
        return std::make_unique<Probe>();
    });
    ::unsetenv("NOTIFY_SOCKET");
    std::string heard(64, '\0');
    heard.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::recv(fd.get(), heard.data(), heard.size(), 0))));
    EXPECT_EQ(heard, "READY=1");
}

}  // namespace
}  // namespace drover::host
