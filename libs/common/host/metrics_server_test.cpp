#include "host/metrics_server.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/unique_fd.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::host {
namespace {

using testing::HasSubstr;

class MetricsServerTest : public testing::Test {
   protected:
    MetricsServerTest() {
        std::string pattern = testing::TempDir() + "metrics_server_XXXXXX";
        dir_ = ::mkdtemp(pattern.data());
    }
    ~MetricsServerTest() override { std::filesystem::remove_all(dir_); }

    std::string file() const { return dir_ + "/metrics"; }
    std::string address() const {
        std::string line;
        std::ifstream in(file());
        std::getline(in, line);
        return line;
    }
    int port() const { return std::stoi(address().substr(address().rfind(':') + 1)); }

    // All that is answered, while the loop runs.
    std::string ask(const std::string& method, const std::string& path) {
        std::string answer;
        std::atomic<bool> done = false;
        std::thread client([&] {
            const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            sockaddr_in to{};
            to.sin_family = AF_INET;
            to.sin_port = htons(static_cast<std::uint16_t>(port()));
            ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
            const std::string request = method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
            char buffer[4096];
            if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
                ::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) > 0) {
                for (ssize_t n = 0; (n = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0;)
                    answer.append(buffer, static_cast<std::size_t>(n));
            }
            done = true;
        });
        const Instant deadline = loop_.now() + seconds(20);
        // The end of the client wakes nobody.
        while (!done && loop_.now() < deadline) loop_.run_until([&] { return done.load(); }, milliseconds(10));
        EXPECT_TRUE(done);
        client.join();
        return answer;
    }

    std::string dir_;
    rt::EpollLoop loop_;
};

TEST_F(MetricsServerTest, MakesEachPageOnTheLoopAndSaysWhoseItIs) {
    int pages = 0;
    const auto self = std::this_thread::get_id();
    MetricsServer server(loop_, [&] {
        EXPECT_EQ(std::this_thread::get_id(), self);
        metrics::Page page;
        measure_process(page, {"state-store", "state-store-0"});
        return page.text() + "# page " + std::to_string(++pages) + "\n";
    });
    ASSERT_TRUE(server.start("127.0.0.1:0", file()));
    EXPECT_THAT(ask("GET", "/metrics"), HasSubstr("# page 1\n"));
    const std::string second = ask("GET", "/metrics");
    EXPECT_THAT(second, HasSubstr("# page 2\n"));
    EXPECT_THAT(second, HasSubstr("text/plain; version=0.0.4"));
    EXPECT_THAT(second, HasSubstr("drover_service_info{service=\"state-store\",id=\"state-store-0\",version="));
    EXPECT_THAT(ask("GET", "/healthz"), HasSubstr("200 OK"));
    EXPECT_THAT(ask("GET", "/v1/jobs"), HasSubstr("404"));
    EXPECT_THAT(ask("POST", "/metrics"), HasSubstr("405"));
}

TEST_F(MetricsServerTest, TakesTheFirstPortOfARangeThatIsFree) {
    const auto page = [] { return std::string("x"); };
    MetricsServer first(loop_, page), second(loop_, page), third(loop_, page);
    ASSERT_TRUE(first.start("127.0.0.1:0", file()));
    const int taken = port();
    const std::string range = "127.0.0.1:" + std::to_string(taken) + "-" + std::to_string(std::min(taken + 500, 65535));
    ASSERT_TRUE(second.start(range, file()));
    EXPECT_GT(port(), taken);
    const auto refused = third.start("127.0.0.1:" + std::to_string(taken), file());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().kind, ErrorKind::invalid);
    EXPECT_THAT(refused.error().message, HasSubstr("option metrics cannot be used"));
}

TEST_F(MetricsServerTest, RefusesWhatIsNoAddress) {
    for (const char* address : {"7190", ":7190", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:9-8", "127.0.0.1:1-9999"}) {
        MetricsServer server(loop_, [] { return std::string(); });
        const auto refused = server.start(address, file());
        ASSERT_FALSE(refused) << address;
        EXPECT_EQ(refused.error().kind, ErrorKind::invalid) << address;
    }
}

}  // namespace
}  // namespace drover::host
