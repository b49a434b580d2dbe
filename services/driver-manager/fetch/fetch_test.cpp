// drover-fetch as the driver-manager runs it, against a server, files and repositories of this machine.
#include "driver-manager/fetch/fetch.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <climits>
#include <csignal>
#include <cstdio>
#include <functional>
#include <mutex>
#include <thread>

#include "driver-manager/fetch/checksum.hpp"
#include "driver-manager/fetch/unpack_test.hpp"
#include "os/pidfd.hpp"
#include "os/spawn.hpp"

namespace drover::fetch {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kHello = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

// Answers each request in turn with what the function makes of its text, and closes the connection.
class Server {
   public:
    explicit Server(std::function<std::string(const std::string& request)> answer) : answer_(std::move(answer)) {
        socket_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(socket_.get(), 8), 0);
        socklen_t size = sizeof address;
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~Server() {
        ::shutdown(socket_.get(), SHUT_RDWR);
        thread_.join();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::vector<std::string> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

    std::string url(const std::string& path, const std::string& credentials = "") const {
        return "http://" + credentials + "127.0.0.1:" + std::to_string(port_) + path;
    }

    static std::string ok(const std::string& body) {
        return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
               body;
    }
    static std::string status(const std::string& line, const std::string& more = "") {
        return "HTTP/1.1 " + line + "\r\nContent-Length: 0\r\nConnection: close\r\n" + more + "\r\n";
    }

   private:
    void serve() {
        while (true) {
            const UniqueFd peer(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!peer.valid()) return;
            std::string request;
            char chunk[4096];
            while (request.find("\r\n\r\n") == std::string::npos) {
                const ssize_t n = ::recv(peer.get(), chunk, sizeof chunk, 0);
                if (n <= 0) break;
                request.append(chunk, static_cast<std::size_t>(n));
            }
            {
                const std::lock_guard lock(mutex_);
                requests_.push_back(request);
            }
            const std::string answer = answer_(request);
            for (std::size_t sent = 0; sent < answer.size();) {
                const ssize_t n = ::send(peer.get(), answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
                if (n <= 0) break;
                sent += static_cast<std::size_t>(n);
            }
        }
    }

    std::function<std::string(const std::string&)> answer_;
    UniqueFd socket_;
    int port_ = 0;
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::thread thread_;
};

struct Outcome {
    int code = -1;
    std::string said;
};

class FetchTest : public InDirectory {
   protected:
    static std::string program() {
        std::string self(PATH_MAX, '\0');
        const ssize_t n = ::readlink("/proc/self/exe", self.data(), self.size());
        self.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return self.substr(0, self.rfind('/') + 1) + "drover-fetch";
    }

    static Request request(const std::string& source, Mode mode = Mode::any) {
        Request out;
        out.source = source;
        out.destination = "local";
        out.mode = mode;
        out.id = "0123456789abcdef";
        out.max_bytes = 1 << 20;
        out.max_entries = 100;
        out.time = seconds(20);
        return out;
    }

    Outcome run(const Request& request) {
        const UniqueFd input = in_memory(encode(request));
        const UniqueFd output = in_memory("");
        os::SpawnOptions options;
        options.path = program();
        options.argv = {"drover-fetch"};
        options.env = {"PATH=/usr/bin:/bin", "ASAN_OPTIONS=detect_leaks=0"};
        options.fds = {{input.get(), 0}, {output.get(), 1}};
        options.work_dir = dir_ + "/in";
        const auto process = os::spawn(options, os::Stdio::null);
        EXPECT_TRUE(process) << process.error().message;
        EXPECT_TRUE(os::wait_exited(process->pidfd.get(), seconds(60)));
        Outcome out;
        out.code = os::reap(process->pidfd.get()).value_or(os::ExitStatus{-1, 0}).code;
        char text[4096] = {};
        if (::pread(output.get(), text, sizeof text - 1, 0) > 0) out.said = text;
        return out;
    }

    // Runs a command for a test's own preparations.
    static bool sh(const std::string& script) {
        os::SpawnOptions options;
        options.path = "/bin/sh";
        options.argv = {"sh", "-ec", script};
        options.env = {"PATH=/usr/bin:/bin", "HOME=/nonexistent"};
        const auto process = os::spawn(options, os::Stdio::null);
        return process && os::wait_exited(process->pidfd.get(), seconds(60)) &&
               os::reap(process->pidfd.get()).value_or(os::ExitStatus{-1, 0}).code == 0;
    }

    std::vector<std::string> left() const { return os::list_dir(dir_ + "/in", 100).value(); }
};

TEST_F(FetchTest, AFileArrivesWholeUnderItsNameWithItsMarker) {
    const Server server([](const std::string&) { return Server::ok("hello"); });
    Request wanted = request(server.url("/dir/tool?version=1"));
    wanted.checksum = kHello;
    const Outcome outcome = run(wanted);
    EXPECT_EQ(outcome.code, kDone) << outcome.said;
    EXPECT_EQ(read("local/tool"), "hello");
    EXPECT_THAT(left(), testing::ElementsAre(marker(wanted), "local"));
    wanted.mode = Mode::file;
    wanted.names_file = true;
    wanted.destination = "bin/run";
    EXPECT_EQ(run(wanted).code, kDone);
    EXPECT_EQ(read("bin/run"), "hello");
}

TEST_F(FetchTest, AnArchiveIsUnpackedUnlessItIsWantedAsAFile) {
    const std::string bytes = make_archive({{"bin/run", AE_IFREG, "x", 0755}}, Format::tar_gz);
    const Server server([&](const std::string&) { return Server::ok(bytes); });
    EXPECT_EQ(run(request(server.url("/a.tar.gz"))).code, kDone);
    EXPECT_EQ(read("local/bin/run"), "x");
    EXPECT_EQ(run(request(server.url("/b.tgz"), Mode::file)).code, kDone);
    EXPECT_EQ(read("local/b.tgz").size(), bytes.size());
    EXPECT_EQ(run(request(server.url("/download"), Mode::dir)).code, kDone);
    const Outcome text = run(request("file:///etc/passwd", Mode::dir));
    EXPECT_EQ(text.code, kNeverWill);
    EXPECT_THAT(text.said, HasSubstr("no archive"));
}

TEST_F(FetchTest, WhatIsNotWhatWasPromisedLeavesNothing) {
    const Server server([](const std::string&) { return Server::ok("hello!"); });
    Request wanted = request(server.url("/tool"));
    wanted.checksum = kHello;
    const Outcome outcome = run(wanted);
    EXPECT_EQ(outcome.code, kNeverWill);
    EXPECT_THAT(outcome.said, HasSubstr("its checksum is sha256:"));
    EXPECT_THAT(left(), testing::IsEmpty());
    wanted.checksum = "md5:00";
    EXPECT_EQ(run(wanted).code, kNeverWill);
}

TEST_F(FetchTest, AServerThatStumblesIsAskedAgainAndOneThatHasNothingIsNot) {
    const Server stumbling([asked = 0](const std::string&) mutable {
        ++asked;
        if (asked == 1) return Server::status("503 Busy");
        if (asked == 2) return std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel");
        return Server::ok("hello");
    });
    EXPECT_EQ(run(request(stumbling.url("/x"))).code, kDone);
    EXPECT_EQ(read("local/x"), "hello");
    EXPECT_EQ(stumbling.requests().size(), 3U);
    const Server empty([](const std::string&) { return Server::status("404 Not Found"); });
    const Outcome outcome = run(request(empty.url("/x")));
    EXPECT_EQ(outcome.code, kMayHelpToTryAgain);
    EXPECT_THAT(outcome.said, HasSubstr("404"));
    EXPECT_EQ(empty.requests().size(), 1U);
    EXPECT_EQ(run(request("file:///no/such/file")).code, kMayHelpToTryAgain);
}

TEST_F(FetchTest, SecretsGoToTheSourcesHostOnlyAndAreNotTold) {
    const Server elsewhere([](const std::string&) { return Server::status("403 Forbidden"); });
    const Server server(
        [&](const std::string&) { return Server::status("302 Found", "Location: " + elsewhere.url("/y") + "\r\n"); });
    Request wanted = request(server.url("/x", "me:pass%20word@"));
    wanted.headers = {{"X-Key", "hush"}};
    const Outcome outcome = run(wanted);
    EXPECT_EQ(outcome.code, kMayHelpToTryAgain);
    ASSERT_EQ(server.requests().size(), 1U);
    ASSERT_EQ(elsewhere.requests().size(), 1U);
    const std::string heard_first = server.requests().front();
    const std::string heard_elsewhere = elsewhere.requests().front();
    EXPECT_THAT(heard_first, HasSubstr("X-Key: hush"));
    EXPECT_THAT(heard_first, HasSubstr("Authorization: Basic bWU6cGFzcyB3b3Jk"));
    EXPECT_THAT(heard_elsewhere, HasSubstr("GET /y"));
    EXPECT_THAT(heard_elsewhere, Not(HasSubstr("hush")));
    EXPECT_THAT(heard_elsewhere, Not(HasSubstr("Authorization")));
    EXPECT_THAT(outcome.said, Not(HasSubstr("hush")));
    EXPECT_THAT(outcome.said, Not(HasSubstr("pass")));
    wanted.headers = {{"X", "a\r\nY: b"}};
    EXPECT_EQ(run(wanted).code, kNeverWill);
}

TEST_F(FetchTest, LimitsOfSizeAndTimeAreKept) {
    const Server large([](const std::string&) { return Server::ok(std::string(2 << 20, 'x')); });
    const Outcome outcome = run(request(large.url("/x")));
    EXPECT_EQ(outcome.code, kNeverWill);
    EXPECT_THAT(outcome.said, HasSubstr("larger than"));
    EXPECT_THAT(left(), testing::IsEmpty());
    Request hurried = request("http://127.0.0.1:1/x");
    hurried.time = milliseconds(300);
    EXPECT_EQ(run(hurried).code, kMayHelpToTryAgain);
}

TEST_F(FetchTest, NoDestinationAndNoLinkThereLeadsOut) {
    Request wanted = request("file:///etc/hostname");
    for (const char* bad : {"../out", "/tmp", "a//b", "a/.."}) {
        wanted.destination = bad;
        EXPECT_EQ(run(wanted).code, kNeverWill) << bad;
    }
    ASSERT_TRUE(os::make_dir(dir_ + "/outside", 0777));
    ASSERT_EQ(::symlink("../outside", (dir_ + "/in/local").c_str()), 0);
    wanted.destination = "local";
    const Outcome outcome = run(wanted);
    EXPECT_EQ(outcome.code, kNeverWill);
    EXPECT_THAT(outcome.said, HasSubstr("a link is not followed"));
    EXPECT_EQ(os::list_dir(dir_ + "/outside", 10)->size(), 0U);
}

TEST_F(FetchTest, ARepositoryIsCheckedOutAtItsRefWithoutItsHistory) {
    const std::string repo = dir_ + "/repo";
    ASSERT_TRUE(sh("git init -q -b main " + repo + "; cd " + repo +
                   "; export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; "
                   "echo one > f; git add f; git commit -qm one; git tag v1; git branch side; echo two > f; "
                   "git commit -qam two"));
    const auto fetched = [&](const std::string& query) {
        const Outcome outcome = run(request("git::file://" + repo + query));
        EXPECT_EQ(outcome.code, kDone) << outcome.said;
        return read("local/f");
    };
    EXPECT_EQ(fetched(""), "two\n");
    EXPECT_EQ(fetched("?ref=v1"), "one\n");
    EXPECT_EQ(fetched("?ref=side"), "one\n");
    EXPECT_FALSE(os::exists(dir_ + "/in/local/.git"));
    const Outcome outcome = run(request("git::file://" + repo + "?ref=nope"));
    EXPECT_EQ(outcome.code, kMayHelpToTryAgain);
    EXPECT_THAT(outcome.said, HasSubstr("git: "));
    ASSERT_TRUE(
        sh("cd " + repo + "; ln -s /etc out; git add out; git -c user.name=a -c user.email=a@b commit -qm out"));
    EXPECT_EQ(run(request("git::file://" + repo)).code, kNeverWill) << "a link that leads out";
}

TEST(Checksum, AreReadStrictly) {
    EXPECT_EQ(parse_checksum("")->bits, 0U);
    EXPECT_EQ(parse_checksum("sha512:" + std::string(128, 'A'))->hex, std::string(128, 'a'));
    for (const std::string bad : {"sha256", "sha256:", "sha1:00", "sha256:xyz"})
        EXPECT_FALSE(parse_checksum(bad)) << bad;
    EXPECT_FALSE(parse_checksum("sha256:" + std::string(63, 'a') + "g"));
    const UniqueFd file = in_memory("hello");
    EXPECT_TRUE(check(file.get(), *parse_checksum(kHello)));
    EXPECT_TRUE(
        check(file.get(), *parse_checksum("sha512:9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7"
                                          "2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043")));
}

}  // namespace
}  // namespace drover::fetch
