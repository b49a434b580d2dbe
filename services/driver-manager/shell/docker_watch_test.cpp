#include "driver-manager/shell/docker_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "os/files.hpp"
#include "os/remove.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::driver_manager {
namespace {

using testing::HasSubstr;

// drover-docker is a script here: it notes what it is asked, and answers from a file.
class DockerWatchTest : public testing::Test {
   protected:
    DockerWatchTest() {
        write("socket", "");
        write("program",
              "#!/bin/sh\necho \"$@\" >> " + dir_ + "/asked\ncat " + dir_ + "/answer\nexit $(cat " + dir_ + "/code)\n");
    }
    ~DockerWatchTest() override { EXPECT_TRUE(os::remove_tree(dir_)); }

    void write(const std::string& name, const std::string& text) {
        EXPECT_TRUE(os::write_file_atomic(dir_ + "/" + name, text, 0755, os::Durable::no));
    }
    void answer(const std::string& text, const std::string& code) {
        write("code", code);
        write("answer", text);
    }
    std::string asked() const { return os::read_file(dir_ + "/asked", 1 << 16).value_or(""); }
    drivers::HostFacts told() const {
        drivers::HostFacts host;
        watch_.tell(host);
        return host;
    }
    bool until(const std::function<bool()>& done) {
        std::function<void()> tick = [&] { tick_ = loop_.at(loop_.now() + milliseconds(5), tick); };
        tick();
        const bool reached = loop_.run_until(done, seconds(20));
        loop_.cancel(tick_);
        return reached;
    }

    static std::string make_directory() {
        std::string path = testing::TempDir() + "drover-watch-XXXXXX";
        return ::mkdtemp(path.data());
    }

    const std::string dir_ = make_directory();
    rt::EpollLoop loop_;
    rt::Token tick_ = 0;
    int changes_ = 0;
    DockerWatch watch_{
        loop_, {dir_ + "/program", dir_ + "/socket", "node-1", dir_, milliseconds(20)}, [this] { ++changes_; }};
};

TEST_F(DockerWatchTest, TellsWhenTheDaemonComesAndGoesAndWhy) {
    answer("20.10.24 1.41\n", "0");
    watch_.start();
    ASSERT_TRUE(until([&] { return told().docker_version == "20.10.24"; })) << asked();
    EXPECT_EQ(changes_, 1);
    answer("the docker daemon does not answer\n", "3");
    ASSERT_TRUE(until([&] { return told().docker_version.empty(); }));
    EXPECT_EQ(told().docker_error, "the docker daemon does not answer");
    EXPECT_EQ(changes_, 2) << "it is heard of once, however often it is asked";
}

TEST_F(DockerWatchTest, RemovesContainersWithoutARecordWhenTheDaemonHasCome) {
    answer("20.10.24 1.41\n", "0");
    watch_.start();
    ASSERT_TRUE(until([&] { return asked().find("sweep ") != std::string::npos; }));
    EXPECT_THAT(asked(), HasSubstr("sweep " + dir_ + "/socket node-1 " + dir_ + "\n"));
}

TEST_F(DockerWatchTest, AsksNothingWhereThereIsNoSocket) {
    ASSERT_EQ(::unlink((dir_ + "/socket").c_str()), 0);
    answer("20.10.24 1.41\n", "0");
    watch_.start();
    EXPECT_THAT(told().docker_error, HasSubstr("there is no docker daemon: nothing is at "));
    EXPECT_EQ(asked(), "");
}

}  // namespace
}  // namespace drover::driver_manager
