#include "bus/curve.hpp"

#include <arpa/inet.h>

#include <array>
#include <zmq.hpp>

#include "base/check.hpp"

namespace drover::bus {

CurveConfig make_curve_keys() {
    std::array<char, 41> public_key{};
    std::array<char, 41> secret_key{};
    CHECK(zmq_curve_keypair(public_key.data(), secret_key.data()) == 0);
    return {public_key.data(), secret_key.data(), {}};
}

namespace {

bool is_address(std::string host) {
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    std::array<unsigned char, 16> ip{};
    return inet_pton(AF_INET, host.c_str(), ip.data()) == 1 || inet_pton(AF_INET6, host.c_str(), ip.data()) == 1;
}

bool is_host_name(const std::string& host) {
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    return !host.empty() && host.size() <= 253 && host.find_first_not_of(kAllowed) == std::string::npos;
}

bool is_port(const std::string& port) {
    return !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

Result<Endpoint> parse_endpoint(const std::string& text) {
    const std::size_t hash = text.find('#');
    Endpoint endpoint;
    endpoint.address = text.substr(0, hash);
    if (hash != std::string::npos) endpoint.server_key = text.substr(hash + 1);
    if (hash != std::string::npos && endpoint.server_key.size() != 40) {
        return fail(ErrorKind::invalid,
                    "the server key of peer " + endpoint.address + " must have 40 characters (Z85)");
    }
    if (endpoint.address.starts_with("ipc://") && endpoint.address.size() > 6) return endpoint;
    const std::size_t colon = endpoint.address.rfind(':');
    if (!endpoint.address.starts_with("tcp://") || colon <= 6) {
        return fail(ErrorKind::invalid, "peer '" + text + "' must be like ipc:///run/x.sock or tcp://10.0.0.2:7100");
    }
    const std::string host = endpoint.address.substr(6, colon - 6);
    const std::string port = endpoint.address.substr(colon + 1);
    if (!is_port(port) || (!is_address(host) && !is_host_name(host))) {
        return fail(ErrorKind::invalid, "peer '" + text + "' must have a host and a port, as tcp://10.0.0.2:7100");
    }
    if (is_address(host)) return endpoint;
    return Endpoint{"", endpoint.server_key, host, port};
}

}  // namespace drover::bus
