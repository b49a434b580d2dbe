#include "bus/recording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/hash.hpp"

namespace drover::bus {
namespace {

using testing::HasSubstr;

class RecordingFile : public testing::Test {
   protected:
    void SetUp() override { path = testing::TempDir() + "drover-recording-" + random_hex(8); }
    void TearDown() override { std::filesystem::remove(path); }

    void record(int messages) const {
        Recorder recorder = Recorder::create(path).value();
        for (int i = 0; i < messages; ++i) {
            const std::string n = std::to_string(i);
            ASSERT_TRUE(recorder.add({Instant{i + 1}, "v1/node/" + n + "/", std::string("\0\xff", 2) + n}));
        }
    }

    std::string path;
};

TEST_F(RecordingFile, GivesBackWhatWasHeardInItsOrder) {
    record(3);
    Recording recording = Recording::open(path).value();
    Heard heard;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(recording.next(heard).value());
        EXPECT_EQ(heard.at, Instant{i + 1});
        EXPECT_EQ(heard.topic, "v1/node/" + std::to_string(i) + "/");
        EXPECT_EQ(heard.payload, std::string("\0\xff", 2) + std::to_string(i));
    }
    EXPECT_FALSE(recording.next(heard).value());
}

TEST_F(RecordingFile, IsNotWrittenOver) {
    record(1);
    EXPECT_THAT(Recorder::create(path).error().message, HasSubstr("it exists"));
}

TEST_F(RecordingFile, CutOffSaysHowMuchOfItIsWhole) {
    record(3);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
    Recording recording = Recording::open(path).value();
    Heard heard;
    EXPECT_TRUE(recording.next(heard).value());
    EXPECT_TRUE(recording.next(heard).value());
    EXPECT_THAT(recording.next(heard).error().message, HasSubstr("it is cut off after 2 messages"));
}

TEST_F(RecordingFile, OfSomethingElseIsRefused) {
    std::ofstream(path) << "hello";
    EXPECT_THAT(Recording::open(path).error().message, HasSubstr("is no recording"));
    EXPECT_THAT(Recording::open(path + "-none").error().message, HasSubstr("there is no such file"));
}

}  // namespace
}  // namespace drover::bus
