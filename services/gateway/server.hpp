// Server: HTTP/1.1, with TLS when it has a certificate, on threads of its own, bounded in connections, streams, sizes
// and time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "gateway/guard.hpp"
#include "gateway/http.hpp"
#include "gateway/tls.hpp"

namespace drover::gateway {

class Server {
   public:
    // Called on the connections' threads, several at a time.
    using Handle = std::function<Reply(const Call&)>;

    // Connections served at a time; further ones wait to be accepted. Streams are fewer, so that they cannot shut
    // everybody else out.
    static constexpr std::size_t kMaxConnections = 64;
    static constexpr int kMaxStreams = 48;

    struct Options {
        std::vector<std::string> names{};  // host names beside addresses and those without a dot that clients may use
        const Guard* guard = nullptr;      // who may come in; null: everybody
        TlsFiles tls{};                    // none: plain HTTP
    };
    explicit Server(Handle handle, Options options);
    explicit Server(Handle handle) : Server(std::move(handle), Options{}) {}
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Listens on "host:port" and serves from now on. Port 0 takes a free one; `wish`, an address of the same host, is
    // tried first then. Returns the address bound. Not called again when it has failed.
    Result<std::string> start(const std::string& address, const std::string& wish = "");

    // Waits for the connections to end; streams must have been told to.
    void stop();

   private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace drover::gateway
