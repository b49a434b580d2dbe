#include "cli/dev_place.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/hash.hpp"
#include "cli/place.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/spawn.hpp"

namespace drover::cli {
namespace {

namespace fs = std::filesystem;

struct DevDirectory : testing::Test {
    ~DevDirectory() override { fs::remove_all(dir); }
    std::string dir = "/tmp/drover-dev-" + random_hex(8);
};

TEST_F(DevDirectory, IsMadeForItsOwnerOnly) {
    auto place = open_dev_place(dir);
    ASSERT_TRUE(place);
    for (const std::string& made : {dir, dir + "/run", dir + "/logs"}) {
        struct stat info {};
        ASSERT_EQ(::stat(made.c_str(), &info), 0) << made;
        // Tasks of other users have to reach what is below the first one.
        EXPECT_EQ(info.st_mode & 0777U, made == dir && ::geteuid() == 0 ? 0711U : 0700U) << made;
    }
    EXPECT_TRUE(fs::exists(place->bin_dir + "/drover_cli_test"));
}

TEST_F(DevDirectory, HasAKeyPairForSecretsThatOnlyTheNodeCanOpen) {
    auto place = open_dev_place(dir);
    ASSERT_TRUE(place);
    struct stat info {};
    ASSERT_EQ(::stat((dir + "/secrets.key").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    for (const ChildSpec& spec : dev_services(*place, "127.0.0.1:0", {})) {
        for (const std::string& word : spec.argv) {
            EXPECT_EQ(word.ends_with("secrets.key") && spec.name != "driver-manager", false) << spec.name;
            EXPECT_EQ(word.ends_with("secrets.pub") && spec.name != "gateway", false) << spec.name;
        }
    }
}

TEST_F(DevDirectory, ServesOneDevAtATime) {
    auto first = open_dev_place(dir);
    ASSERT_TRUE(first);
    auto second = open_dev_place(dir);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::conflict);
    EXPECT_EQ(second.error().message,
              "another `drover dev` runs in " + dir + "; use it, stop it, or choose another directory with --data-dir");
    first->lock.reset();
    EXPECT_TRUE(open_dev_place(dir));
}

TEST_F(DevDirectory, AFileInItsPlaceIsRefused) {
    std::ofstream(dir) << "x";
    auto place = open_dev_place(dir);
    ASSERT_FALSE(place);
    EXPECT_NE(place.error().message.find("is not a directory"), std::string::npos);
}

TEST_F(DevDirectory, EveryServiceHearsEveryOtherAndKeepsItsDataApart) {
    auto place = open_dev_place(dir);
    ASSERT_TRUE(place);
    const auto specs = dev_services(*place, "127.0.0.1:0", {"A=b"});
    ASSERT_EQ(specs.size(), 4U);
    EXPECT_EQ(specs.front().name, "state-store");
    EXPECT_EQ(specs.back().name, "gateway");
    const std::vector<std::string> want = {place->bin_dir + "/drover-gateway",
                                           "--id=gateway-0",
                                           "--data-dir=" + dir + "/gateway",
                                           "--run-dir=" + dir + "/run",
                                           "--bind=ipc://" + dir + "/run/gateway.sock",
                                           "--tap=ipc://" + dir + "/run/gateway-tap.sock",
                                           "--peers=ipc://" + dir + "/run/state-store.sock,ipc://" + dir +
                                               "/run/driver-manager.sock,ipc://" + dir + "/run/alloc-runner.sock",
                                           "--http=127.0.0.1:0",
                                           "--secrets-public-key-file=" + dir + "/secrets.pub"};
    EXPECT_EQ(specs.back().argv, want);
    EXPECT_EQ(specs.back().env, std::vector<std::string>{"A=b"});
}

TEST_F(DevDirectory, WhoStartsEverythingMayRunTasksAsThemselvesUnlessTheySayOtherwise) {
    auto place = open_dev_place(dir);
    ASSERT_TRUE(place);
    const auto env_of = [&](const std::string& service, const std::vector<std::string>& env) {
        for (const ChildSpec& spec : dev_services(*place, "", env))
            if (spec.name == service) return spec.env;
        return std::vector<std::string>{};
    };
    const std::vector<std::string> allow = {"DROVER_RAW_EXEC_ROOT=allow"};
    const std::vector<std::string> refuse = {"DROVER_RAW_EXEC_ROOT=refuse"};
    EXPECT_EQ(env_of("driver-manager", {}), allow);
    EXPECT_EQ(env_of("driver-manager", refuse), refuse);
    EXPECT_EQ(env_of("gateway", {}), std::vector<std::string>{});
}

TEST_F(DevDirectory, ServicesThatAKilledDevLeftBehindAreEndedAndOthersLeftAlone) {
    auto place = open_dev_place(dir);
    ASSERT_TRUE(place);
    // Its open waits for ever. A loop of short sleeps would fork children that look the same until they are a sleep.
    const std::string pipe = dir + "/pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const auto sleeper = [&](const std::string& argument) {
        os::SpawnOptions options;
        options.path = "/bin/sh";
        options.argv = {place->bin_dir + "/drover-gateway", "-c", "read word < " + pipe, argument};
        auto process = os::spawn(options, os::Stdio::null);
        EXPECT_TRUE(process);
        return std::move(*process);
    };
    const os::Process ours = sleeper("--run-dir=" + place->run_dir);
    const os::Process others = sleeper("--run-dir=/elsewhere");
    EXPECT_EQ(end_leftovers(*place).value_or(0), 1U);
    EXPECT_EQ(os::reap(ours.pidfd.get())->signal, SIGTERM);
    EXPECT_FALSE(os::wait_exited(others.pidfd.get(), Duration{}));
    EXPECT_TRUE(os::send_signal(others.pidfd.get(), SIGKILL));
    EXPECT_TRUE(os::wait_exited(others.pidfd.get(), seconds(10)));
    EXPECT_TRUE(os::reap(others.pidfd.get()).has_value());
}

}  // namespace
}  // namespace drover::cli
