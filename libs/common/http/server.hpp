// Server: HTTP/1.1, with TLS when it has a certificate, on threads of its own, bounded in connections, streams, sizes
// and time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/call.hpp"
#include "http/tls.hpp"

namespace drover::http {

// Who may come in. Asked on the connections' threads, several at a time.
class Gate {
   public:
    virtual ~Gate() = default;
    // Fills in who it is, by the header "Authorization"; an error is the answer for it.
    virtual tl::expected<void, Reply> admit(const std::string& authorization, Peer& peer) const = 0;
    // What was let in was not let do what it wanted.
    virtual void turned_away(const Peer& peer, const std::string& why) const = 0;
};

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
        const Gate* guard = nullptr;       // who may come in; null: everybody
        TlsFiles tls{};                    // none: plain HTTP
        std::size_t connections = kMaxConnections;
    };
    explicit Server(Handle handle, Options options);
    explicit Server(Handle handle) : Server(std::move(handle), Options{}) {}
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

}  // namespace drover::http
