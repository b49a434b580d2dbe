#include "driver-manager/docker/engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "driver-manager/docker/answers.hpp"

namespace drover::docker {
namespace {

using testing::HasSubstr;

// Takes one connection, reads a question, says its answer, and hangs up; when it is to be silent, only with its own
// end.
class Fake {
   public:
    Fake(std::string answer, bool silent) : answer_(std::move(answer)), silent_(silent) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_ = testing::TempDir() + "drover-engine-" + std::to_string(::getpid());
        std::strcpy(address.sun_path, path_.c_str());
        ::unlink(path_.c_str());
        listen_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::bind(listen_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listen_.get(), 1), 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~Fake() {
        thread_.join();
        ::unlink(path_.c_str());
    }

    Engine engine() const { return Engine(path_); }
    const std::string& question() const { return question_; }

   private:
    void serve() {
        connection_ = UniqueFd(::accept(listen_.get(), nullptr, nullptr));
        char piece[4096];
        const ssize_t n = ::recv(connection_.get(), piece, sizeof piece, 0);
        question_.assign(piece, n > 0 ? static_cast<std::size_t>(n) : 0);
        EXPECT_EQ(::send(connection_.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(answer_.size()));
        if (!silent_) connection_.reset();
    }

    std::string answer_;
    bool silent_;
    std::string path_;
    std::string question_;
    UniqueFd listen_;
    UniqueFd connection_;
    std::thread thread_;
};

Result<Answer> ask(const std::string& answer, bool silent = false) {
    const Fake fake(answer, silent);
    return fake.engine().ask("GET", "/x", "", milliseconds(silent ? 50 : 20'000));
}

TEST(DockerEngine, AsksAndIsAnswered) {
    Fake fake("HTTP/1.0 201 Created\r\nContent-Length: 11\r\n\r\n{\"Id\":\"ab\"}", false);
    const auto answer = fake.engine().ask("POST", "/containers/create", "{}", seconds(20));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(read_id(*answer).value(), "ab");
    EXPECT_THAT(fake.question(), HasSubstr("POST /containers/create HTTP/1.0\r\n"));
    EXPECT_THAT(fake.question(), HasSubstr("Content-Length: 2\r\n"));
    EXPECT_EQ(ask("HTTP/1.0 200 OK\r\n\r\nto the end")->body, "to the end");
}

TEST(DockerEngine, TellsADaemonThatIsAwayFromOneThatRefuses) {
    EXPECT_EQ(Engine("/nowhere/docker.sock").ask("GET", "/x", "", seconds(1)).error().message,
              "the docker daemon does not answer at /nowhere/docker.sock: No such file or directory");
    EXPECT_THAT(ask("HTTP/1.0 200 OK\r\n", true).error().message, HasSubstr("it has not answered for 50ms"));
    EXPECT_THAT(ask("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhalf").error().message,
                HasSubstr("it hung up in the middle of an answer"));
    EXPECT_THAT(ask("").error().message, HasSubstr("it hung up"));
    EXPECT_THAT(ask("SSH-2.0-x\r\n\r\n").error().message, HasSubstr("something else than a docker daemon"));
    for (const char* answer : {"", "SSH-2.0-x\r\n\r\n"}) EXPECT_EQ(ask(answer).error().kind, ErrorKind::unavailable);
    const auto refused = ask("HTTP/1.0 404 Not Found\r\nContent-Length: 26\r\n\r\n{\"message\":\"no such thing\"}");
    EXPECT_EQ(reason(*refused), "no such thing");
}

TEST(DockerAnswers, OfAnotherKindAreErrors) {
    EXPECT_EQ(read_container({200, "[]"}).error().kind, ErrorKind::corrupt);
    EXPECT_EQ(read_container({200, "{\"Id\": 1"}).error().kind, ErrorKind::corrupt);
    EXPECT_EQ(read_list({200, "[{\"Id\": \"a\"}]"}).error().kind, ErrorKind::corrupt);
    EXPECT_EQ(read_version({200, "null"}).error().kind, ErrorKind::corrupt);
    EXPECT_EQ(reason({500, "<html>"}), "the docker daemon answers with status 500");
}

TEST(DockerAnswers, WithNumbersBeyondAllNumbersAreRead) {
    const auto line = read_progress(R"({"status": "Downloading", "progressDetail": {"current": 12, "total": 4e26}})");
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(line->done, 12U);
    EXPECT_EQ(line->total, 0U);
    const auto command = read_command({200, R"({"Running": true, "ExitCode": null, "Pid": 99999999999})"});
    ASSERT_TRUE(command) << command.error().message;
    EXPECT_EQ(command->pid, 0);
}

TEST(DockerAnswers, TellHowAContainerEnded) {
    const auto ended = read_container({200, R"({"Id": "ab", "State": {"Status": "exited", "ExitCode": 137,
        "OOMKilled": true, "Pid": 0, "FinishedAt": "2026-11-30T12:43:06.5Z"}, "Config": {"StopSignal": "SIGQUIT"}})"});
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(ended->state, ContainerState::ended);
    EXPECT_EQ(ended->exit_code, 137);
    EXPECT_TRUE(ended->oom);
    EXPECT_EQ(ended->stop_signal, "SIGQUIT");
}

}  // namespace
}  // namespace drover::docker
