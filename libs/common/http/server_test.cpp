// The HTTP server on the loopback.
#include "http/server.hpp"

#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <thread>

#include "http/hints.hpp"

namespace drover::http {
namespace {

struct Loopback : testing::Test {
    Loopback()
        : server([this](const Call& call) { return handle(call); }),
          address(server.start("127.0.0.1:0").value_or("")) {}
    ~Loopback() override { hints.close(); }

    Reply handle(const Call& call) {
        if (call.path[0] == "throw") throw std::runtime_error("x");
        if (call.path[0] == "stream") {
            Reply reply{.type = "text/plain"};
            reply.stream = [this](const Write& write) {
                if (!write("begin\n")) return false;
                ++open;
                while (write("") && !hints.closed()) hints.pause(milliseconds(10));
                --open;
                return write("end\n");
            };
            return reply;
        }
        if (call.path[0] == "broken") {
            Reply reply{.type = "text/plain"};
            reply.stream = [](const Write& write) { return write("half"), false; };
            return reply;
        }
        return {.type = "text/plain",
                .body = call.method + " " + call.path[0] + " " + std::to_string(call.body.size())};
    }

    httplib::Client client() {
        httplib::Client c("http://" + address);
        c.set_read_timeout(10);
        return c;
    }

    Hints hints;
    std::atomic<int> open{0};
    Server server;
    std::string address;
};

TEST_F(Loopback, EveryMethodReachesTheHandlerWithItsBody) {
    auto c = client();
    EXPECT_EQ(c.Get("/a")->body, "GET a 0");
    EXPECT_EQ(c.Post("/b", "12345", "text/plain")->body, "POST b 5");
    EXPECT_EQ(c.Post("/b")->body, "POST b 0");
    EXPECT_EQ(c.Delete("/c")->body, "DELETE c 0");
    EXPECT_EQ(c.Put("/d", "1", "text/plain")->body, "PUT d 1");
}

TEST_F(Loopback, ABodyOverTheBoundIsRefusedWithASentence) {
    auto c = client();
    EXPECT_EQ(c.Post("/b", std::string(kMaxBody, 'x'), "text/plain")->status, 200);
    const auto refused = c.Post("/b", std::string(kMaxBody + 1, 'x'), "text/plain");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 413);
    EXPECT_NE(refused->body.find("larger than 256 KiB"), std::string::npos);
    std::size_t sent = 0;
    const auto chunked = c.Post(
        "/b",
        [&](std::size_t, httplib::DataSink& sink) {
            const std::string piece(4096, 'x');
            sink.write(piece.data(), piece.size());
            sent += piece.size();
            if (sent > 2 * kMaxBody) sink.done();
            return true;
        },
        "text/plain");
    ASSERT_TRUE(chunked);
    EXPECT_EQ(chunked->status, 413);
}

TEST_F(Loopback, ErrorsOfTheServerItselfAreJsonToo) {
    auto c = client();
    const auto broken = c.Get("/v1/%zz");
    ASSERT_TRUE(broken);
    EXPECT_EQ(broken->status, 400);
    EXPECT_NE(broken->body.find("\"kind\":\"invalid\""), std::string::npos);
    EXPECT_EQ(c.Get("/" + std::string(kMaxTarget, 'a'))->status, 400);
    const auto longer = c.Get("/" + std::string(9000, 'a'));
    ASSERT_TRUE(longer);
    EXPECT_NE(longer->body.find("\"error\""), std::string::npos);
    const auto thrown = c.Get("/throw");
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->status, 500);
    EXPECT_NE(thrown->body.find("\"error\""), std::string::npos);
}

TEST_F(Loopback, ARequestFromAForeignPageIsRefused) {
    auto c = client();
    EXPECT_EQ(c.Post("/b", {{"Origin", "https://evil.example"}}, "x", "text/plain")->status, 403);
    EXPECT_EQ(c.Get("/a", {{"Host", "evil.example"}})->status, 403);
    EXPECT_EQ(c.Get("/a", {{"Origin", "http://" + address}})->status, 200);
}

TEST_F(Loopback, AStreamArrivesAsItIsWrittenAndEndsWhenTheClientGoes) {
    std::string got;
    auto c = client();
    c.Get("/stream", [&](const char* data, std::size_t size) {
        got.append(data, size);
        return false;
    });
    EXPECT_EQ(got, "begin\n");
    c.stop();
    for (int i = 0; i < 1000 && open > 0; ++i) hints.pause(milliseconds(5));
    EXPECT_EQ(open, 0);
}

TEST_F(Loopback, AStreamIsNotHeldBackByCompression) {
    std::string got;
    auto c = client();
    c.Get("/stream", {{"Accept-Encoding", "gzip, br"}}, [&](const char* data, std::size_t size) {
        got.append(data, size);
        return false;
    });
    EXPECT_EQ(got, "begin\n");
}

TEST_F(Loopback, AStreamThatIsNotWholeIsSeenToBeBroken) {
    auto c = client();
    EXPECT_FALSE(c.Get("/broken"));
}

TEST_F(Loopback, TooManyStreamsAreRefusedAndRequestsStillServed) {
    std::vector<std::thread> readers;
    for (int i = 0; i < Server::kMaxStreams; ++i) readers.emplace_back([this] { client().Get("/stream"); });
    for (int i = 0; i < 2000 && open < Server::kMaxStreams; ++i) hints.pause(milliseconds(5));
    EXPECT_EQ(open, Server::kMaxStreams);
    EXPECT_EQ(client().Get("/stream")->status, 503);
    EXPECT_EQ(client().Get("/a")->status, 200);
    hints.close();
    for (auto& reader : readers) reader.join();
}

TEST_F(Loopback, TheAddressUsedLastIsTakenAgain) {
    hints.close();
    server.stop();
    Server next([](const Call&) { return Reply{}; });
    EXPECT_EQ(next.start("127.0.0.1:0", address).value_or(""), address);
    Server third([](const Call&) { return Reply{}; });
    const auto other = third.start("127.0.0.1:0", address);
    ASSERT_TRUE(other);
    EXPECT_NE(*other, address);
    Server fourth([](const Call&) { return Reply{}; });
    EXPECT_FALSE(fourth.start(address));
    EXPECT_FALSE(fourth.start("nonsense"));
}

}  // namespace
}  // namespace drover::http
