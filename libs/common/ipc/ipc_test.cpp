#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "ipc/home.hpp"
#include "ipc/line.hpp"
#include "os/files.hpp"
#include "os/remove.hpp"
#include "rt/epoll_loop.hpp"
#include "wire/codec.hpp"

namespace drover::ipc {
namespace {

using testing::HasSubstr;
using wire::DriverAnswer;
using wire::DriverCall;

TEST(Frames, GiveBackWhatWasFramedHoweverItIsCut) {
    const std::string bytes = frame("first") + frame(std::string(70'000, 'x')) + frame("z");
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, bytes.size()}) {
        Frames frames;
        std::vector<std::string> out;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            frames.feed(std::string_view(bytes).substr(at, piece));
            while (const auto message = frames.next().value()) out.push_back(*message);
        }
        EXPECT_THAT(out, testing::ElementsAre("first", std::string(70'000, 'x'), "z"));
    }
}

TEST(Frames, RefuseALengthThatIsNone) {
    Frames empty;
    empty.feed(std::string(4, '\0'));
    EXPECT_FALSE(empty.next());
    Frames huge;
    huge.feed("\xff\xff\xff\xff");
    EXPECT_THAT(huge.next().error().message, HasSubstr("4294967295 bytes"));
}

// A line whose other end is the test's.
class LineTest : public testing::Test {
   protected:
    LineTest() {
        int fds[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
        driver_ = UniqueFd(fds[1]);
        line_ = std::make_unique<Line>(loop_, UniqueFd(fds[0]), "python",
                                       Line::Hooks{[this] { greeted_ = true; },
                                                   [this](const Error& why) {
                                                       broken_ = why.message;
                                                       line_.reset();
                                                   }});
    }

    bool until(const std::function<bool()>& done) { return loop_.run_until(done, seconds(10)); }

    // What the driver was asked next.
    DriverCall heard() {
        std::optional<DriverCall> call;
        const rt::Token token = loop_.on_readable(driver_.get(), [&] {
            char bytes[65536];
            const ssize_t n = ::read(driver_.get(), bytes, sizeof bytes);
            if (n > 0) frames_.feed({bytes, static_cast<std::size_t>(n)});
            if (const auto message = frames_.next().value()) call = wire::decode<DriverCall>(*message).value();
        });
        EXPECT_TRUE(until([&] { return call.has_value(); }));
        loop_.cancel(token);
        return call.value_or(DriverCall{});
    }
    void say(const std::string& bytes) {
        EXPECT_EQ(::write(driver_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }
    void answer(DriverAnswer what) { say(frame(wire::encode(what))); }
    void greet(std::uint32_t version = 1, const std::string& name = "python") {
        DriverAnswer hello;
        hello.number = heard().number;
        hello.version = version;
        hello.name = name;
        answer(hello);
    }
    bool breaks() {
        return until([this] { return !broken_.empty(); });
    }

    rt::EpollLoop loop_;
    UniqueFd driver_;
    Frames frames_;
    std::unique_ptr<Line> line_;
    bool greeted_ = false;
    std::string broken_;
};

TEST_F(LineTest, ShakesHandsThenHasOneCallAfterTheOtherAnswered) {
    std::vector<std::string> said;
    const auto hear = [&](const Result<DriverAnswer>& one) { said.push_back(one ? one->error : "broken"); };
    line_->call(make_call(wire::DriverVerb::wait, "a"), seconds(5), hear);
    line_->call(make_call(wire::DriverVerb::stop, "b"), seconds(5), hear);
    greet();
    for (const char* id : {"a", "b"}) {
        const DriverCall call = heard();
        EXPECT_EQ(call.id, id);
        DriverAnswer answered;
        answered.number = call.number;
        answered.error = std::string("about ") + id;
        answer(answered);
        EXPECT_TRUE(until([&] { return !said.empty() && said.back() == answered.error; }));
    }
    EXPECT_TRUE(greeted_);
    EXPECT_EQ(said.size(), 2u);
}

TEST_F(LineTest, BreaksWithAReasonAndTellsWhoWaits) {
    bool told = false;
    line_->call(make_call(wire::DriverVerb::wait, "a"), seconds(5),
                [&](const Result<DriverAnswer>& one) { told = !one.has_value(); });
    greet();
    (void)heard();
    driver_.reset();
    EXPECT_TRUE(breaks());
    EXPECT_TRUE(told);
    EXPECT_THAT(broken_, HasSubstr("closed its connection"));
}

TEST_F(LineTest, BreaksWhenNoAnswerComesInTime) {
    line_->call(make_call(wire::DriverVerb::fingerprint), milliseconds(20), {});
    greet();
    EXPECT_TRUE(breaks());
    EXPECT_THAT(broken_, HasSubstr("has not answered for 20ms"));
}

TEST_F(LineTest, SpeaksToNobodyWhoCallsHimselfOtherwise) {
    greet(1, "perl");
    EXPECT_TRUE(breaks());
    EXPECT_THAT(broken_, HasSubstr("calls itself \"perl\""));
    EXPECT_FALSE(greeted_);
}

TEST_F(LineTest, SpeaksNoVersionThatItDoesNotKnow) {
    greet(2);
    EXPECT_TRUE(breaks());
    EXPECT_THAT(broken_, HasSubstr("speaks version 2 of the protocol, this Drover 1 to 1"));
}

TEST_F(LineTest, BreaksOnWhatIsNoAnswer) {
    (void)heard();
    say(frame("\xc1"));
    EXPECT_TRUE(breaks());
    EXPECT_THAT(broken_, HasSubstr("sent what is no answer"));
}

TEST_F(LineTest, BreaksOnAnAnswerThatNobodyWaitsFor) {
    DriverAnswer hello;
    hello.number = 77;
    answer(hello);
    EXPECT_TRUE(breaks());
    EXPECT_THAT(broken_, HasSubstr("answered call 77"));
}

TEST(Home, KnowsItsProcessWhileItLivesAndNoOther) {
    std::string dir = testing::TempDir() + "drover-home-XXXXXX";
    ASSERT_NE(::mkdtemp(dir.data()), nullptr);
    EXPECT_FALSE(open_driver(dir).valid()) << "nobody has claimed it";
    ASSERT_TRUE(claim_home(dir));
    EXPECT_TRUE(open_driver(dir).valid());
    // As if the number were another process's by now.
    const std::string record = os::read_file(dir + "/" + kDriverRecord, 256).value();
    const std::string other = std::to_string(::getpid()) + " 1" + record.substr(record.rfind(' '));
    ASSERT_TRUE(os::write_file_atomic(dir + "/" + kDriverRecord, other, 0600, os::Durable::no));
    EXPECT_FALSE(open_driver(dir).valid());
    ASSERT_TRUE(os::write_file_atomic(dir + "/" + kDriverLog, "one\nlast words\n", 0600, os::Durable::no));
    EXPECT_EQ(last_words(dir), "last words");
    EXPECT_TRUE(os::remove_tree(dir));
}

}  // namespace
}  // namespace drover::ipc
