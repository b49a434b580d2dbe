#include "host/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <functional>

#include "base/unique_fd.hpp"

namespace drover::log {
namespace {

std::string logged(Level level, const std::function<void()>& body) {
    testing::internal::CaptureStderr();
    setup("drover-test", level);
    body();
    return testing::internal::GetCapturedStderr();
}

TEST(Log, SaysTimeLevelProgramMessageAndPairsOnOneLine) {
    const std::string out = logged(Level::info, [] {
        info("task running", {{"alloc", "4f1c"}, {"pid", 4711}, {"took", milliseconds(250)}, {"ok", true}});
    });
    EXPECT_EQ(out.substr(10, 1), "T");
    EXPECT_EQ(out.substr(out.find('Z')), "Z info drover-test: task running alloc=4f1c pid=4711 took=250ms ok=true\n");
}

TEST(Log, StaysOneLineWhateverTheValuesHold) {
    EXPECT_EQ(format("a\nb", {{"why", "it said \"no\"\r\n"}, {"empty", ""}, {"path", "/x y"}, {"umlaut", "\xc3\xa4"}}),
              "a\\nb why=\"it said \\\"no\\\"\\x0d\\n\" empty=\"\" path=\"/x y\" umlaut=\xc3\xa4");
}

TEST(Log, MakesNoLinesBelowItsLevel) {
    EXPECT_EQ(logged(Level::error, [] { warn("quiet"); }), "");
    EXPECT_NE(logged(Level::debug, [] { debug("loud"); }), "");
    EXPECT_EQ(parse_level("warn").value(), Level::warn);
    EXPECT_NE(parse_level("wran").error().message.find("did you mean warn?"), std::string::npos);
}

class UnreadStderr {
   public:
    UnreadStderr() : saved_(::dup(STDERR_FILENO)) {
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        read_ = UniqueFd(ends[0]);
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[1]);
    }
    ~UnreadStderr() { ::dup2(saved_.get(), STDERR_FILENO); }

    std::string drain() {
        std::string out(1 << 20, '\0');
        const ssize_t n = ::read(read_.get(), out.data(), out.size());
        out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return out;
    }

   private:
    UniqueFd saved_;
    UniqueFd read_;
};

TEST(Log, NeverBlocksWhenNobodyReadsStderrAndSaysWhatWasLost) {
    setup("drover-test", Level::info);
    const auto start = std::chrono::steady_clock::now();
    UnreadStderr unread;
    const std::string big(1000, 'x');
    for (int i = 0; i < 5'000; ++i) info("flood", {{"i", i}, {"data", big}});
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    unread.drain();
    info("after");
    const std::string out = unread.drain();
    EXPECT_NE(out.find("log lines lost"), std::string::npos) << out;
    EXPECT_NE(out.find("drover-test: after"), std::string::npos) << out;
}

TEST(Log, CutsALineThatIsTooLongForOneWrite) {
    const std::string out = logged(Level::info, [] { info("long", {{"data", std::string(100'000, 'x')}}); });
    EXPECT_EQ(out.size(), 4096U);
    EXPECT_EQ(out.back(), '\n');
}

}  // namespace
}  // namespace drover::log
