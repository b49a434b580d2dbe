#include "cli/client.hpp"

#include <httplib.h>
#include <poll.h>

namespace drover::cli {
namespace {

constexpr Duration kRetry = milliseconds(100);

ErrorKind parse_kind(const std::string& word) {
    for (const ErrorKind kind : {ErrorKind::invalid, ErrorKind::not_found, ErrorKind::conflict, ErrorKind::refused,
                                 ErrorKind::unavailable, ErrorKind::corrupt, ErrorKind::io}) {
        if (word == to_string(kind)) return kind;
    }
    return ErrorKind::io;
}

// A health report is an answer too, whatever its status.
Result<Json> read_answer(int status, const std::string& body) {
    Json json = Json::parse(body, nullptr, false);
    if (json.is_discarded()) {
        return fail(ErrorKind::io, "the answer is not from a Drover gateway: HTTP " + std::to_string(status));
    }
    if (status < 400 || !json.contains("error")) return json;
    const Json& error = json["error"];
    std::string message = error.value("message", "HTTP " + std::to_string(status));
    for (const Json& problem : json.value("problems", Json::array())) message += "\n  " + problem.value("text", "");
    return fail(parse_kind(error.value("kind", "io")), message);
}

std::string reason(httplib::Error error) {
    switch (error) {
        case httplib::Error::Connection: return "the connection was refused";
        case httplib::Error::Read: return "it did not answer in time or closed the connection";
        case httplib::Error::Write: return "the request could not be sent";
        case httplib::Error::SSLConnection: return "no TLS connection came about; does it speak HTTPS?";
        case httplib::Error::SSLLoadingCerts: return "the certificates of --ca-file or DROVER_CACERT cannot be read";
        case httplib::Error::SSLServerVerification:
            return "its certificate is not of that name or not trusted; name that of its issuer with --ca-file or "
                   "DROVER_CACERT";
        default: return "the connection failed (" + httplib::to_string(error) + ")";
    }
}

tl::unexpected<Error> unreachable(const Address& address, httplib::Error error) {
    const std::string tried =
        "cannot reach Drover: tried " + address.url + " (from " + address.source + "), but " + reason(error);
    const bool there = error == httplib::Error::SSLServerVerification || error == httplib::Error::SSLLoadingCerts;
    return fail(ErrorKind::unavailable, tried + (there ? "." : ".\nIs it running? Start it with: drover dev"));
}

// Only a connection that was never made may be tried again: nothing was asked yet.
template <class Attempt>
Result<void> with_retries(const Environment& environment, Duration reach, Duration answer, const Attempt& attempt) {
    for (Duration waited{};; waited = waited + kRetry) {
        auto address = find_gateway(environment);
        if (!address) return tl::unexpected(address.error());
        const auto token = read_token(environment);
        if (!token) return tl::unexpected(token.error());
        httplib::Client client(address->url);
        client.set_connection_timeout(2);
        client.set_read_timeout(static_cast<time_t>(answer.ns / 1'000'000'000));
        client.set_write_timeout(5);
        client.set_tcp_nodelay(true);
        if (!token->empty()) client.set_bearer_token_auth(*token);
        if (!environment.ca_file.empty()) client.set_ca_cert_path(environment.ca_file);
        const httplib::Error error = attempt(client);
        if (error == httplib::Error::Success) return {};
        if (error != httplib::Error::Connection || waited >= reach) return unreachable(*address, error);
        ::poll(nullptr, 0, static_cast<int>(kRetry.ms()));
    }
}

}  // namespace

Result<Json> Client::call(const std::string& method, const std::string& path, const std::string& body) {
    int status = 0;
    std::string text;
    auto reached = with_retries(environment_, reach_, answer_, [&](httplib::Client& client) {
        httplib::Request request;
        request.method = method;
        request.path = path;
        request.body = body;
        if (!body.empty()) request.set_header("Content-Type", "application/json");
        auto result = client.send(request);
        if (!result) return result.error();
        status = result->status;
        text = std::move(result->body);
        return httplib::Error::Success;
    });
    if (!reached) return tl::unexpected(reached.error());
    return read_answer(status, text);
}

Result<void> Client::stream(const std::string& path, const std::function<bool(std::string_view)>& sink) {
    int status = 0;
    bool stopped = false;
    std::string text;  // of an error
    auto reached = with_retries(environment_, reach_, answer_, [&](httplib::Client& client) {
        auto result = client.Get(
            path,
            [&](const httplib::Response& response) {
                status = response.status;
                return true;
            },
            [&](const char* data, std::size_t size) {
                if (status >= 400) text.append(data, size);
                if (status < 400) stopped = !sink({data, size});
                return !stopped;
            });
        return result || stopped ? httplib::Error::Success : result.error();
    });
    if (!reached) return reached;
    if (status < 400) return {};
    auto answer = read_answer(status, text);
    return answer ? Result<void>() : tl::unexpected(answer.error());
}

std::string encode_segment(std::string_view text) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                           c == '_' || c == '.' || c == '~';
        if (plain) {
            out += c;
        } else {
            out += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return out;
}

std::string with_query(const std::string& path, const std::vector<std::pair<std::string, std::string>>& parameters) {
    std::string out = path;
    char separator = '?';
    for (const auto& [name, value] : parameters) {
        if (value.empty()) continue;
        out += separator + encode_segment(name) + "=" + encode_segment(value);
        separator = '&';
    }
    return out;
}

}  // namespace drover::cli
