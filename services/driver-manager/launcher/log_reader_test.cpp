#include "driver-manager/launcher/log_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "driver-manager/launcher/launcher_test.hpp"
#include "shim/protocol.h"

namespace drover::launcher {
namespace {

using wire::RunPhase;

class LogReaderTest : public LauncherTest {
   protected:
    Result<LogSlice> slice(std::int64_t offset, std::size_t limit) const {
        return read_log(plan_.log_dir, "web", "stdout", {.offset = offset, .limit = limit});
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
    EXPECT_FALSE(read_log(plan_.log_dir, "../x", "stdout", {}));
    EXPECT_FALSE(read_log(plan_.log_dir, "web", "passwd", {}));
    EXPECT_EQ(read_log(dir_ + "/none", "web", "stdout", {}).error().kind, ErrorKind::not_found);
}

TEST_F(LogReaderTest, WhatWasWrittenHasItsTime) {
    plan_.logs = {3, 1000};
    launch(1, "for i in 1 2 3 4 5 6; do head -c 398 /dev/zero | tr '\\0' x; echo $i; /bin/sleep 0.02; done");
    const wire::IncarnationObserved seen = wait_for(1, RunPhase::exited);
    const auto all = read_log(plan_.log_dir, "web", "stdout", {.limit = 1 << 20, .marks = true});
    ASSERT_TRUE(all);
    EXPECT_EQ(all->end, 2400U);
    ASSERT_GE(all->marks.size(), 2U);
    EXPECT_LE(all->marks.front().offset, all->offset);
    for (std::size_t i = 0; i < all->marks.size(); ++i) {
        EXPECT_GE(all->marks[i].at, seen.started_at);
        EXPECT_LE(all->marks[i].at, all->now);
        if (i == 0) continue;
        EXPECT_GE(all->marks[i].at, all->marks[i - 1].at);
        EXPECT_GE(all->marks[i].offset, all->marks[i - 1].offset);
    }
    EXPECT_LE(os::list_dir(plan_.log_dir, 100)->size(), 2 * (3U + 3U) + 2U) << "times go with their files";
}

TEST_F(LogReaderTest, SinceATimeComesWhatWasWrittenThenOrLaterInWholeLines) {
    plan_.logs = {10, 1000};
    launch(1, "echo old; printf begun");
    wait_for(1, RunPhase::exited);
    const auto before = read_log(plan_.log_dir, "web", "stdout", {.limit = 100, .marks = true});
    const Instant between = before->now + milliseconds(1);
    launch(2,
           "echo and its end; echo new; for i in 1 2 3 4 5 6 7 8 9; do head -c 399 /dev/zero | tr '\\0' x; echo; done");
    wait_for(2, RunPhase::exited);
    const auto since = [&](Instant when) {
        return read_log(plan_.log_dir, "web", "stdout", {.limit = 1 << 20, .since = when})->data;
    };
    EXPECT_TRUE(since(between).starts_with("new\nxxx")) << since(between).substr(0, 40);
    EXPECT_TRUE(since(Instant{1}).starts_with("old\n"));
    EXPECT_EQ(since(before->now + seconds(3600)), "");
    EXPECT_EQ(
        read_log(plan_.log_dir, "web", "stdout", {.offset = -400, .limit = 1 << 20, .since = between})->data.size(),
        400U);
}

TEST_F(LogReaderTest, TimesOfASlowWriterStayExactAndAreNeverMoreThanTheLog) {
    plan_.logs = {2, 100'000};
    launch(1, "i=0; while [ $i -lt 400 ]; do echo $i; i=$((i + 1)); /bin/sleep 0.001; done");
    wait_for(1, RunPhase::exited);
    const std::string times = read(plan_.log_dir + "/.web.stdout.0.times");
    EXPECT_LE(times.size(), 4096U + 1490U + 16U);
    EXPECT_EQ(times.size() % 16, 0U);
}

TEST_F(LogReaderTest, ManyMarksMakeASliceShorterInsteadOfCoarser) {
    ASSERT_TRUE(os::write_file_atomic(plan_.log_dir + "/web.stdout.0", std::string(4000, '\n'), 0600, os::Durable::no));
    std::string times;
    for (std::uint64_t i = 0; i < 2000; ++i) {
        const ShimLogTime entry{i * 2, static_cast<std::int64_t>(i)};
        times.append(reinterpret_cast<const char*>(&entry), sizeof entry);
    }
    ASSERT_TRUE(os::write_file_atomic(plan_.log_dir + "/.web.stdout.0.times", times, 0600, os::Durable::no));
    const auto slice = read_log(plan_.log_dir, "web", "stdout", {.offset = 100, .limit = 4000, .marks = true});
    EXPECT_EQ(slice->marks.size(), kMaxMarks);
    EXPECT_EQ(slice->data.size(), 2 * kMaxMarks);
    EXPECT_EQ(slice->marks.front().offset, 100U);
}

TEST_F(LogReaderTest, TimesThatATaskHasSpoiledHarmNothing) {
    launch(1, "echo one; echo two");
    wait_for(1, RunPhase::exited);
    for (const std::string& times : {std::string("\xff", 1), std::string(160, '\xff'), std::string(1600, '\x01')}) {
        ASSERT_TRUE(os::write_file_atomic(plan_.log_dir + "/.web.stdout.0.times", times, 0600, os::Durable::no));
        const auto all = read_log(plan_.log_dir, "web", "stdout", {.limit = 100, .marks = true});
        EXPECT_EQ(all->data, "one\ntwo\n");
        EXPECT_TRUE(read_log(plan_.log_dir, "web", "stdout", {.limit = 100, .since = Instant{5}, .marks = true}));
    }
}

// What a follower does while files come and go, a thousand times as fast as a task would make them.
TEST_F(LogReaderTest, AFollowerGetsEveryLineOnceWhileFilesAreRotatedUnderIt) {
    plan_.logs = {1000, 1024};
    launch(1, "i=0; while [ $i -lt 20000 ]; do printf 'part '; echo $i; i=$((i + 1)); done");
    std::string all;
    const auto take = [&](const LogSlice& slice) {
        if (slice.offset > all.size()) ADD_FAILURE() << "a hole at " << all.size() << ", goes on at " << slice.offset;
        if (slice.offset + slice.data.size() > all.size()) all += slice.data.substr(all.size() - slice.offset);
    };
    while (seen(1).phase != RunPhase::exited) {
        loop_.run_until([] { return false; }, milliseconds(1));
        const auto slice =
            read_log(plan_.log_dir, "web", "stdout",
                     {.offset = static_cast<std::int64_t>(all.size()), .limit = 24 << 10, .marks = true});
        if (slice) take(*slice);
    }
    for (std::size_t before = 1; before != all.size();) {
        before = all.size();
        take(read_log(plan_.log_dir, "web", "stdout",
                      {.offset = static_cast<std::int64_t>(all.size()), .limit = 24 << 10})
                 .value());
    }
    std::string expected;
    for (int i = 0; i < 20000; ++i) expected += "part " + std::to_string(i) + "\n";
    EXPECT_EQ(all.size(), expected.size());
    EXPECT_TRUE(all == expected);
}

TEST_F(LogReaderTest, ATaskWithoutASinkLeavesNothingAndOneWithoutFilesABuffer) {
    plan_.logs.sinks = {wire::LogSink::none};
    launch(1, "echo lost; echo lost too >&2");
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.code, 0);
    EXPECT_TRUE(files().empty());
    plan_.logs.sinks = {wire::LogSink::syslog};
    launch(2, "head -c 5000000 /dev/zero | tr '\\0' '\\n'");
    wait_for(2, RunPhase::exited);
    const auto left = read_log(plan_.log_dir, "web", "stdout", {.limit = 8 << 20});
    EXPECT_EQ(left->end, 5'000'000U);
    EXPECT_LE(left->data.size(), 2U << 20U);
    EXPECT_GE(left->data.size(), 1U << 20U);
}

TEST_F(LogReaderTest, EveryByteOfAFloodArrives) {
    plan_.logs = {100, 1 << 20};
    launch(1, "head -c 20000000 /dev/zero | tr '\\0' '\\n'");
    wait_for(1, RunPhase::exited);
    EXPECT_EQ(slice(0, 1)->end, 20'000'000U);
}

}  // namespace
}  // namespace drover::launcher
