// Call and Reply: HTTP as plain values, so that routes are functions and only server.cpp knows the HTTP library.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "secret/tokens.hpp"

namespace drover::http {

inline constexpr std::size_t kMaxBody = 256 * 1024;
inline constexpr std::size_t kMaxTarget = 2048;

// Who calls, as this side of the connection sees it.
struct Peer {
    std::string address;  // of the client
    int port = 0;         // of the client
    int server_port = 0;
    std::string token_name{};  // whose token it has shown; empty where none is asked for
    secret::TokenRole role = secret::TokenRole::admin;
};

struct Call {
    std::string method;
    std::vector<std::string> path;  // decoded segments: {"v1", "jobs", "web"}
    std::map<std::string, std::string> query;
    std::string body;
    std::string last_event_id;  // header of a resuming event stream, empty without
    Peer peer;

    // The query parameter, or `otherwise` when it was not given.
    std::string param(const std::string& name, const std::string& otherwise = "") const;
    // Refuses parameters that the route does not know: a misspelt one must not be ignored.
    Result<void> allow(std::initializer_list<std::string_view> names) const;
    // A decimal number within 64 bits; `invalid` names the parameter.
    Result<std::uint64_t> number(const std::string& name, std::uint64_t otherwise) const;
    Result<bool> flag(const std::string& name) const;
};

// Splits and decodes strictly: broken escapes, control characters, an escaped "/" and repeated parameters are refused.
Result<Call> parse_call(std::string_view method, std::string_view target);

// A web page of elsewhere must not reach us through its reader's browser: neither as another origin nor under a name
// that its owner lets point here. `host` and `origin` are the headers; accepted hosts are addresses, names without a
// dot and `names`.
Result<void> check_origin(const std::string& host, const std::string& origin, const std::vector<std::string>& names);

// Sends bytes to the client; false when it has gone and the stream must end. Empty bytes only ask whether it is there.
using Write = std::function<bool(std::string_view)>;

struct Reply {
    int status = 200;
    std::string type = "application/json";
    std::string body{};
    // When set, the body is what it writes; it runs on the connection's thread until it returns. False: the body is not
    // whole, and the client must see that.
    std::function<bool(const Write&)> stream{};
    std::map<std::string, std::string> headers{};
};

int http_status(ErrorKind kind);

// {"error": {"kind": ..., "message": ...}}
Reply error_reply(const Error& error);
Reply error_reply(int status, ErrorKind kind, const std::string& message);

}  // namespace drover::http
