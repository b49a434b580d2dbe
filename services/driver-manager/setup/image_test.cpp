// The image step, with a script in the place of drover-docker.
#include "driver-manager/setup/image.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "os/files.hpp"
#include "os/remove.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::setup {
namespace {

using testing::Contains;
using testing::ElementsAre;

class ImageTest : public testing::Test {
   protected:
    ImageTest() {
        std::string path = testing::TempDir() + "drover-image-XXXXXX";
        dir_ = ::mkdtemp(path.data());
        site_.command.spec.driver = "docker";
        site_.command.spec.config["image"].data = std::string("redis:7");
        site_.dirs.root = site_.context.dirs.root = dir_;
        site_.context.docker = {.program = dir_ + "/program", .socket = "/s"};
    }
    ~ImageTest() override { EXPECT_TRUE(os::remove_tree(dir_)); }

    void program(const std::string& script) {
        EXPECT_TRUE(os::write_file_atomic(dir_ + "/program", "#!/bin/sh\n" + script, 0755, os::Durable::no));
    }

    // "done", or the kind of the error and its sentence.
    std::string run() {
        std::string end;
        const auto step = get_image(children_, loop_)(
            site_, {[&](const Result<void>& result) {
                        end = result ? "done"
                                     : std::string(to_string(result.error().kind)) + ": " + result.error().message;
                    },
                    [&](const std::string& what) { waits_.push_back(what); },
                    [&](const std::string& message) { told_.push_back(message); }, [&] { ++gave_way_; }});
        step->begin();
        EXPECT_TRUE(loop_.run_until([&] { return !end.empty(); }, seconds(20)));
        return end;
    }

    std::string dir_;
    rt::EpollLoop loop_;
    Children children_{loop_};
    Site site_;
    std::vector<std::string> waits_;
    std::vector<std::string> told_;
    int gave_way_ = 0;
};

TEST_F(ImageTest, SaysHowFarItIs) {
    program("[ \"$*\" = 'image /s 300000 0 redis:7  ' ] || exit 2\necho; echo 3 of 12 MiB\n");
    EXPECT_EQ(run(), "done");
    EXPECT_THAT(waits_, ElementsAre("image redis:7", "image redis:7, 3 of 12 MiB"));
}

TEST_F(ImageTest, TellsTheTasksHistoryThatItBeginsAndWhatCameOfItAndLittleInBetween) {
    program("echo; for i in 1 2 3 4 5 6 7 8 9; do echo $i of 9 MiB; done\n");
    EXPECT_EQ(run(), "done");
    EXPECT_EQ(waits_.size(), 10U);
    ASSERT_EQ(told_.size(), 2U);
    EXPECT_EQ(told_[0], "Downloading image redis:7");
    EXPECT_THAT(told_[1], testing::MatchesRegex("Downloaded image redis:7 in .*: 9 of 9 MiB"));
    told_.clear();
    program("exit 0\n");
    EXPECT_EQ(run(), "done");
    EXPECT_THAT(told_, testing::IsEmpty()) << "it was there";
}

TEST_F(ImageTest, GivesThePasswordToNobodyButTheStandardInputOfItsProgram) {
    site_.context.docker.auth_file = "/etc/auths.json";
    site_.command.spec.config["auth"].data = wire::Value::Map{{"username", {std::string("ci")}},
                                                              {"password", {std::string("${TOKEN}")}},
                                                              {"server_address", {std::string("r.example:5000")}}};
    site_.context.late_env = {{"TOKEN", "hunter2"}};
    program("echo \"$*\" >" + dir_ + "/words; cat >" + dir_ + "/input\n");
    EXPECT_EQ(run(), "done");
    EXPECT_EQ(os::read_file(dir_ + "/words", 1000), "image /s 300000 0 redis:7  /etc/auths.json\n");
    EXPECT_EQ(os::read_file(dir_ + "/input", 1000), std::string("ci\0hunter2\0r.example:5000\0", 26));
}

TEST_F(ImageTest, ReadsThePasswordFromAFileThatATemplateHasMade) {
    site_.command.spec.templates.emplace_back();
    site_.command.spec.config["auth"].data =
        wire::Value::Map{{"username", {std::string("ci")}}, {"password_file", {std::string("registry")}}};
    site_.context.stays_below = [](const std::string&, const std::string& path) { return os::exists(path); };
    program("cat >" + dir_ + "/input\n");
    EXPECT_EQ(run(), "done") << "before the templates it is not its turn";
    EXPECT_FALSE(os::exists(dir_ + "/input"));
    site_.rendered = true;
    EXPECT_EQ(run(),
              "not_found: config.auth.password_file: there is no file " + dir_ + "/registry in the task's directory");
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/registry", "hunter2\n", 0600, os::Durable::no));
    EXPECT_EQ(run(), "done");
    EXPECT_EQ(os::read_file(dir_ + "/input", 1000), std::string("ci\0hunter2\0\0", 12));
}

TEST_F(ImageTest, WaitsForADaemonThatIsAwayAndHoldsNobodyUp) {
    program("[ -e " + dir_ + "/there ] && exit 0\ntouch " + dir_ + "/there\necho the docker daemon is away\nexit 3\n");
    EXPECT_EQ(run(), "done");
    EXPECT_THAT(waits_, Contains("an answer: the docker daemon is away"));
    EXPECT_EQ(gave_way_, 1);
}

TEST_F(ImageTest, FailsWithTheReasonForGoodOrNot) {
    program("echo no such image; exit 2\n");
    EXPECT_EQ(run(), "refused: cannot get the image redis:7: no such image");
    program("echo the registry is busy; exit 1\n");
    EXPECT_EQ(run(), "unavailable: cannot get the image redis:7: the registry is busy");
}

TEST_F(ImageTest, IsNothingToATaskThatIsNoContainer) {
    site_.command.spec.driver = "raw_exec";
    EXPECT_EQ(run(), "done");
}

}  // namespace
}  // namespace drover::setup
