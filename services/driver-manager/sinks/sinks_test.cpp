#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

#include "driver-manager/sinks/course.hpp"
#include "os/remove.hpp"

namespace drover::sinks {
namespace {

using testing::ElementsAre;
using Rest = Course::Rest;

const Origin kOrigin{"shop", "4f1c2a9b4f1c2a9b", "web", "stdout"};

TEST(SinkMessage, IsWhatSyslogDaemonsTake) {
    EXPECT_EQ(syslog_message(kOrigin, {Instant{seconds(1'774'872'245).ns}, "hello", 0}),
              "<30>Mar 30 12:04:05 drover/shop/web[4f1c2a9b]: hello");
    Origin errors = kOrigin;
    errors.stream = "stderr";
    EXPECT_TRUE(syslog_message(errors, {}).starts_with("<28>"));
}

TEST(SinkMessage, CarriesAnyByteToTheJournal) {
    const std::string message = journal_message(kOrigin, {Instant{5'000'000}, std::string("a\0b", 3), 0});
    EXPECT_EQ(message.substr(0, 20), std::string("MESSAGE\n\3\0\0\0\0\0\0\0a\0b\n", 20));
    EXPECT_NE(message.find(std::string("DROVER_JOB\n\4\0\0\0\0\0\0\0shop\n", 24)), std::string::npos);
    EXPECT_NE(message.find("5000\n"), std::string::npos);
}

TEST(SinkMemory, IsReadAsItWasWrittenAndDamageIsToldApart) {
    const Memory memory{"shop",
                        {{{wire::LogSink::syslog, "stdout"}, {7, 0}}, {{wire::LogSink::journald, "stderr"}, {9, 3}}}};
    EXPECT_EQ(parse_memory(to_text(memory)).value(), memory);
    for (const char* text :
         {"", "job\n", "job a", "job a\nsyslog stdout 1\n", "job a\nfile stdout 1 2\n", "job a\nsyslog stdin 1 2\n",
          "job a\nsyslog stdout 1 x\n", "job a\nsyslog stdout 1 2\nsyslog stdout 1 2\n"})
        EXPECT_FALSE(parse_memory(text)) << text;
}

// A daemon that takes messages when it is asked to.
class SinkCourse : public testing::Test {
   public:
    ~SinkCourse() override {
        if (fd_ >= 0) ::close(fd_);
        EXPECT_TRUE(os::remove_tree(dir_));
    }

   protected:
    static std::string make_dir() {
        std::string path = testing::TempDir() + "drover-sink-XXXXXX";
        return ::mkdtemp(path.data());
    }

    std::string socket_path() const { return dir_ + "/log"; }

    void bind() {
        fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        socket_path().copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }

    std::vector<std::string> heard() const {
        std::vector<std::string> out;
        char text[1 << 17];
        for (ssize_t n = 0; (n = ::recv(fd_, text, sizeof text, 0)) >= 0;) {
            const std::string message(text, static_cast<std::size_t>(n));
            out.push_back(message.substr(message.find("]: ") + 3));
        }
        return out;
    }

    Course course(const Sent& sent = {}) { return {wire::LogSink::syslog, kOrigin, sent}; }

    Rest go(Course& course) {
        const auto read = [this](std::uint64_t offset) -> Result<launcher::LogSlice> {
            launcher::LogSlice slice;
            slice.offset = std::max<std::uint64_t>(offset, first_);
            slice.end = log_.size();
            slice.data = log_.substr(slice.offset, 4096);
            return slice;
        };
        return course.go(read, log_.size(), outlet_, now_);
    }

    std::string dir_ = make_dir();
    int fd_ = -1;
    std::string log_;
    std::uint64_t first_ = 0;  // what is before was removed
    Instant now_{seconds(1000).ns};
    Outlet outlet_{dir_ + "/log"};
};

TEST_F(SinkCourse, SendsEveryLineOnceAndGoesOnWhereItWas) {
    bind();
    log_ = "one\ntwo\nthr";
    Course first = course();
    EXPECT_EQ(go(first), Rest::long_);
    EXPECT_THAT(heard(), ElementsAre("one", "two"));
    EXPECT_EQ(first.sent().position, 8U);
    log_ += "ee\n";
    Course next = course(first.sent());
    EXPECT_EQ(go(next), Rest::long_);
    EXPECT_THAT(heard(), ElementsAre("three"));
    EXPECT_EQ(go(next), Rest::long_);
    EXPECT_THAT(heard(), ElementsAre());
}

TEST_F(SinkCourse, WaitsForADaemonThatIsAwayAndSaysWhy) {
    log_ = "one\n";
    Course way = course();
    EXPECT_EQ(go(way), Rest::blocked);
    EXPECT_THAT(outlet_.trouble(), testing::HasSubstr("cannot send to " + socket_path()));
    bind();
    EXPECT_EQ(go(way), Rest::blocked) << "it is not asked all the time";
    now_ = now_ + Outlet::kReconnect;
    EXPECT_EQ(go(way), Rest::long_);
    EXPECT_THAT(heard(), ElementsAre("one"));
    EXPECT_EQ(outlet_.trouble(), "");
}

TEST_F(SinkCourse, ASlowDaemonGetsEverythingInOrderAndHoldsNobodyUp) {
    bind();
    std::vector<std::string> wanted, got;
    for (int i = 0; i < 2000; ++i) {
        wanted.push_back("line " + std::to_string(i));
        log_ += wanted.back() + "\n";
    }
    Course way = course();
    bool waited = false;
    for (Rest rest = Rest::none; rest != Rest::long_;) {
        rest = go(way);
        waited = waited || rest == Rest::some;
        for (std::string& line : heard()) got.push_back(std::move(line));
    }
    EXPECT_EQ(got, wanted);
    EXPECT_TRUE(waited);
}

TEST_F(SinkCourse, WhatWasRemovedBeforeItWasTakenIsCountedAndSaid) {
    bind();
    log_ = std::string(100, 'x') + "\nnew\n";
    first_ = 101;
    Course way = course();
    go(way);
    EXPECT_THAT(heard(), ElementsAre(logs::hole_text(101), "new"));
    EXPECT_EQ(way.sent().dropped, 101U);
    Course next = course(way.sent());
    log_ += "more\n";
    go(next);
    EXPECT_EQ(next.sent().dropped, 101U);
}

TEST_F(SinkCourse, ALineWithoutAnEndIsSentOnceItIsOld) {
    bind();
    log_ = "password: ";
    Course way = course();
    go(way);
    EXPECT_THAT(heard(), ElementsAre());
    now_ = now_ + Course::kPatience + seconds(1);
    go(way);
    EXPECT_THAT(heard(), ElementsAre("password: "));
}

}  // namespace
}  // namespace drover::sinks
