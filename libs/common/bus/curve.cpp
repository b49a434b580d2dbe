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

Result<Endpoint> parse_endpoint(const std::string& text) {
    const std::size_t hash = text.find('#');
    Endpoint endpoint{text.substr(0, hash), hash == std::string::npos ? "" : text.substr(hash + 1)};
    if (!endpoint.server_key.empty() && endpoint.server_key.size() != 40) {
        return fail(ErrorKind::invalid,
                    "the server key of peer " + endpoint.address + " must have 40 characters (Z85)");
    }
    if (endpoint.address.starts_with("ipc://") && endpoint.address.size() > 6) return endpoint;
    if (!endpoint.address.starts_with("tcp://")) {
        return fail(ErrorKind::invalid, "peer '" + text + "' must begin with ipc:// or tcp://");
    }
    const std::size_t colon = endpoint.address.rfind(':');
    std::string host = endpoint.address.substr(6, colon > 6 ? colon - 6 : 0);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    std::array<unsigned char, 16> ip{};
    if (inet_pton(AF_INET, host.c_str(), ip.data()) != 1 && inet_pton(AF_INET6, host.c_str(), ip.data()) != 1) {
        return fail(ErrorKind::invalid,
                    "peer '" + text + "' must name an IP address and a port, as tcp://10.0.0.2:7100");
    }
    return endpoint;
}

}  // namespace drover::bus
