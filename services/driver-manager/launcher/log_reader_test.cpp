#include "driver-manager/launcher/log_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "driver-manager/launcher/launcher_test.hpp"

namespace drover::launcher {
namespace {

using wire::RunPhase;

class LogReaderTest : public LauncherTest {
   protected:
    Result<LogSlice> slice(std::int64_t offset, std::size_t limit) const {
        return read_log(plan_.log_dir, "web", "stdout", offset, limit);
    }

    std::vector<std::string> files() const {
        std::vector<std::string> out;
        const std::vector<std::string> names = os::list_dir(plan_.log_dir, 1000).value();
        for (const std::string& name : names) {
            if (name.starts_with("web.stdout.")) out.push_back(name);
        }
        return out;
    }
};

TEST_F(LogReaderTest, OffsetsGoOnOverTheIncarnationsOfATask) {
    launch(1, "echo one");
    wait_for(1, RunPhase::exited);
    launch(2, "echo two");
    wait_for(2, RunPhase::exited);
    EXPECT_EQ(slice(0, 100)->data, "one\ntwo\n");
    EXPECT_EQ(slice(4, 100)->data, "two\n");
    EXPECT_EQ(slice(4, 2)->data, "tw");
    EXPECT_EQ(slice(-4, 100)->data, "two\n");
    EXPECT_EQ(slice(-4, 100)->offset, 4U);
    EXPECT_EQ(slice(-400, 100)->offset, 0U);
    EXPECT_EQ(slice(400, 100)->offset, 8U) << "beyond the end there is nothing yet";
    EXPECT_EQ(slice(0, 100)->end, 8U);
}

TEST_F(LogReaderTest, OffsetsSurviveRotation) {
    plan_.logs = {3, 1000};
    launch(1, "i=0; while [ $i -lt 1000 ]; do echo line $((10000 + i)); i=$((i + 1)); done");
    wait_for(1, RunPhase::exited);
    const auto all = slice(0, 1 << 20);
    EXPECT_EQ(all->end, 11'000U);
    EXPECT_GT(all->offset, 0U) << "the oldest files are gone";
    EXPECT_EQ(all->data.size(), all->end - all->offset);
    EXPECT_EQ(all->offset % 11, 0U) << "files are cut at line ends";
    EXPECT_EQ(slice(10'989, 100)->data, "line 10999\n");
    EXPECT_EQ(slice(9'999 - 10, 10)->data.size(), 10U) << "a slice reaches over the end of a file";
    EXPECT_LE(files().size(), 3U);
    launch(2, "echo after");
    wait_for(2, RunPhase::exited);
    EXPECT_EQ(slice(11'000, 100)->data, "after\n");
}

TEST_F(LogReaderTest, FilesKeepToTheirSizeAndLinesStayWhole) {
    plan_.logs = {50, 4096};
    launch(1, "i=0; while [ $i -lt 500 ]; do printf 'part of a line '; echo and its end $i; i=$((i + 1)); done");
    wait_for(1, RunPhase::exited);
    std::string all;
    for (std::size_t i = 0; i < files().size(); ++i) {
        const std::string text = read(plan_.log_dir + "/web.stdout." + std::to_string(i));
        EXPECT_LE(text.size(), 4096U);
        EXPECT_EQ(text.back(), '\n');
        EXPECT_TRUE(text.starts_with("part"));
        all += text;
    }
    EXPECT_EQ(slice(0, 1 << 20)->data, all);
}

TEST_F(LogReaderTest, ALineLongerThanAFileIsCutButComplete) {
    plan_.logs = {50, 1000};
    launch(1, "head -c 5500 /dev/zero | tr '\\0' x; echo; echo next");
    wait_for(1, RunPhase::exited);
    EXPECT_EQ(slice(0, 1 << 20)->data, std::string(5500, 'x') + "\nnext\n");
    for (const std::string& name : files()) EXPECT_LE(read(plan_.log_dir + "/" + name).size(), 1000U);
}

TEST_F(LogReaderTest, ALinkInTheLogDirectoryIsNotFollowed) {
    ASSERT_TRUE(os::write_file_atomic(dir_ + "/secret", "secret", 0600, os::Durable::no));
    ASSERT_EQ(::symlink("../secret", (plan_.log_dir + "/web.stdout.0").c_str()), 0);
    EXPECT_EQ(slice(0, 100)->data, "");
    launch(1, "echo attack");
    EXPECT_THAT(wait_for(1, RunPhase::start_failed).error, ::testing::HasSubstr("cannot write the log web.stdout"));
    EXPECT_EQ(read(dir_ + "/secret"), "secret");
}

TEST_F(LogReaderTest, ATaskWithoutOutputHasAnEmptyLogAndAStrangeNameIsRefused) {
    EXPECT_EQ(slice(0, 100)->end, 0U);
    EXPECT_FALSE(read_log(plan_.log_dir, "../x", "stdout", 0, 1));
    EXPECT_FALSE(read_log(plan_.log_dir, "web", "passwd", 0, 1));
    EXPECT_EQ(read_log(dir_ + "/none", "web", "stdout", 0, 1).error().kind, ErrorKind::not_found);
}

TEST_F(LogReaderTest, EveryByteOfAFloodArrives) {
    plan_.logs = {100, 1 << 20};
    launch(1, "head -c 20000000 /dev/zero | tr '\\0' '\\n'");
    wait_for(1, RunPhase::exited);
    EXPECT_EQ(slice(0, 1)->end, 20'000'000U);
}

}  // namespace
}  // namespace drover::launcher
