// Server: HTTP/1.1 on threads of its own, bounded in connections, streams, sizes and time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "gateway/http.hpp"

namespace drover::gateway {

class Server {
   public:
    // Called on the connections' threads, several at a time.
    using Handle = std::function<Reply(const Call&)>;

    // Connections served at a time; further ones wait to be accepted. Streams are fewer, so that they cannot shut
    // everybody else out.
    static constexpr std::size_t kMaxConnections = 64;
    static constexpr int kMaxStreams = 48;

    // `names`: host names beside addresses and names without a dot that clients may use.
    explicit Server(Handle handle, std::vector<std::string> names = {});
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Listens on "host:port" and serves from now on. Port 0 takes a free one; `wish`, an address of the same host, is
    // tried first then. Returns the address bound.
    Result<std::string> start(const std::string& address, const std::string& wish = "");

    // Waits for the connections to end; streams must have been told to.
    void stop();

   private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace drover::gateway
