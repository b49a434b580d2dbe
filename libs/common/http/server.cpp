#include "http/server.hpp"

#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <charconv>
#include <thread>

#include "http/connection_pool.hpp"

namespace drover::http {
namespace {

// Bodies over the bound are read and dropped up to here, so that the client gets to read why it was refused.
constexpr std::size_t kDropLimit = 8 * kMaxBody;

struct Address {
    std::string host;
    int port = 0;
};

Result<Address> parse_address(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    Address address;
    bool good = colon != std::string::npos && colon > 0;
    if (good) {
        address.host = text.substr(0, colon);
        if (address.host.front() == '[' && address.host.back() == ']') {
            address.host = address.host.substr(1, address.host.size() - 2);
        }
        const char* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data() + colon + 1, end, address.port);
        good = parsed.ec == std::errc() && parsed.ptr == end && address.port >= 0 && address.port < 65536;
    }
    if (!good)
        return fail(ErrorKind::invalid, "the HTTP address \"" + text + "\" must be HOST:PORT, as 127.0.0.1:4646");
    return address;
}

std::string join(const std::string& host, int port) {
    return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

std::string sentence(int status) {
    switch (status) {
        case 400: return "the request could not be read";
        case 413: return "the body is larger than 256 KiB";
        case 414: return "the address is longer than 2048 bytes";
        default: return "the request failed with HTTP status " + std::to_string(status);
    }
}

ErrorKind kind_of(int status) {
    if (status == 404) return ErrorKind::not_found;
    return status >= 500 ? ErrorKind::io : ErrorKind::invalid;
}

}  // namespace

struct Server::State {
    Handle handle;
    Options options;
    std::unique_ptr<httplib::Server> http;
    std::thread thread;
    std::atomic<int> streams{0};
    int port = 0;

    Reply answer(const httplib::Request& request, std::string body) {
        auto allowed =
            check_origin(request.get_header_value("Host"), request.get_header_value("Origin"), options.names);
        if (!allowed) return error_reply(403, allowed.error().kind, allowed.error().message);
        Peer peer{request.remote_addr, request.remote_port, port};
        if (options.guard != nullptr)
            if (auto in = options.guard->admit(request.get_header_value("Authorization"), peer); !in)
                return std::move(in.error());
        auto call = parse_call(request.method, request.target);
        if (!call) return error_reply(call.error());
        call->body = std::move(body);
        call->last_event_id = request.get_header_value("Last-Event-ID");
        call->peer = std::move(peer);
        Reply reply = handle(*call);
        if (options.guard != nullptr && reply.status == 403)
            options.guard->turned_away(call->peer, "the token " + call->peer.token_name + " is only for the role " +
                                                       std::string(secret::to_string(call->peer.role)));
        return reply;
    }

    Result<void> make() {
        if (options.tls.none()) {
            http = std::make_unique<httplib::Server>();
            return {};
        }
        Result<void> done;
        http = std::make_unique<httplib::SSLServer>([&](SSL_CTX& context) {
            done = set_up_tls(context, options.tls);
            return done.has_value();
        });
        if (done && !http->is_valid()) return fail(ErrorKind::io, "cannot set up TLS");
        return done;
    }

    void send(Reply reply, httplib::Response& response) {
        std::shared_ptr<void> place;  // given back when the last copy goes
        if (reply.stream) {
            const int taken = ++streams;
            place = std::shared_ptr<void>(nullptr, [this](void*) { --streams; });
            if (taken > kMaxStreams) {
                reply = error_reply(503, ErrorKind::unavailable, "too many streams are open; close some and try again");
            }
        }
        response.status = reply.status;
        for (const auto& [name, value] : reply.headers) response.set_header(name, value);
        if (!reply.stream) return response.set_content(reply.body, reply.type);
        // The library would compress "text/..." for whoever accepts it, and a compressor holds back what should arrive
        // now. It compares by case; HTTP does not.
        if (reply.type.compare(0, 5, "text/") == 0) reply.type[0] = 'T';
        response.set_chunked_content_provider(
            reply.type, [place, stream = std::move(reply.stream)](std::size_t, httplib::DataSink& sink) {
                const bool whole = stream([&sink](std::string_view bytes) {
                    return sink.is_writable() && (bytes.empty() || sink.write(bytes.data(), bytes.size()));
                });
                if (whole) sink.done();
                return whole;
            });
    }

    // POST and the like: the body first, bounded whatever its length header, encoding or chunks say.
    void with_body(const httplib::Request& request, httplib::Response& response, const httplib::ContentReader& read) {
        std::string body;
        std::size_t seen = 0;
        if (request.has_header("Content-Length") || request.has_header("Transfer-Encoding")) {
            const bool whole = read([&](const char* bytes, std::size_t count) {
                seen += count;
                if (seen <= kMaxBody) body.append(bytes, count);
                return seen <= kDropLimit;
            });
            if (seen > kMaxBody) return send(error_reply(413, ErrorKind::invalid, sentence(413)), response);
            if (!whole) return;
        }
        send(answer(request, std::move(body)), response);
    }

    void configure() {
        using Response = httplib::Server::HandlerResponse;
        http->new_task_queue = [this] { return std::make_unique<ConnectionPool>(options.connections).release(); };
        // One request a connection: an idle client holds no thread, and no byte is ever taken for a second request.
        http->set_keep_alive_max_count(1);
        http->set_read_timeout(5);
        http->set_write_timeout(5);
        http->set_payload_max_length(kDropLimit);
        http->set_tcp_nodelay(true);
        http->set_socket_options([](int socket) {
            const int on = 1;
            ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        });
        http->set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
            const std::string& m = request.method;
            if (m == "POST" || m == "PUT" || m == "PATCH" || m == "DELETE") return Response::Unhandled;
            send(answer(request, ""), response);
            return Response::Handled;
        });
        const auto reading = [this](const httplib::Request& request, httplib::Response& response,
                                    const httplib::ContentReader& read) { with_body(request, response, read); };
        const std::string any = R"([\s\S]*)";
        http->Post(any, reading).Put(any, reading).Patch(any, reading).Delete(any, reading);
        http->set_error_handler([](const httplib::Request&, httplib::Response& response) -> void {
            if (!response.body.empty()) return;
            const Reply reply = error_reply(response.status, kind_of(response.status), sentence(response.status));
            response.set_content(reply.body, reply.type);
        });
        http->set_exception_handler(
            [](const httplib::Request&, httplib::Response& response, std::exception_ptr) { response.status = 500; });
    }
};

Server::Server(Handle handle, Options options) : state_(std::make_unique<State>()) {
    state_->handle = std::move(handle);
    state_->options = std::move(options);
}

Server::~Server() { stop(); }

Result<std::string> Server::start(const std::string& address, const std::string& wish) {
    auto want = parse_address(address);
    if (!want) return tl::unexpected(want.error());
    if (auto made = state_->make(); !made) return tl::unexpected(made.error());
    state_->configure();
    auto wished = parse_address(wish);
    int port = want->port;
    bool bound = false;
    if (port == 0 && wished && wished->host == want->host && wished->port != 0) {
        bound = state_->http->bind_to_port(want->host, wished->port);
        if (bound) port = wished->port;
    }
    if (!bound && port == 0) {
        port = state_->http->bind_to_any_port(want->host);
        bound = port > 0;
    } else if (!bound) {
        bound = state_->http->bind_to_port(want->host, port);
    }
    if (!bound) {
        return fail(ErrorKind::io, "cannot listen for HTTP on " + address +
                                       ": the address is in use or not of this machine; choose another");
    }
    state_->port = port;
    state_->thread = std::thread([state = state_.get()] { state->http->listen_after_bind(); });
    while (!state_->http->is_running()) std::this_thread::yield();
    return join(want->host, port);
}

void Server::stop() {
    if (!state_->thread.joinable()) return;
    state_->http->stop();
    state_->thread.join();
}

}  // namespace drover::http
