// CURVE keys as configured. Keys are Z85 text of 40 characters.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "bus/roles.hpp"

namespace drover::bus {

// Everything empty: no encryption, for ipc:// in a private directory. With a secret key every tcp:// endpoint is
// encrypted and only the listed clients are let in, each where its role may be.
struct CurveConfig {
    std::string public_key;
    std::string secret_key;
    std::vector<Allowed> allowed;  // the clients

    bool enabled() const { return !secret_key.empty(); }
};

// A fresh pair; nothing in `allowed`.
CurveConfig make_curve_keys();

// An endpoint to connect to, as configured: "ipc:///run/x.sock", "tcp://10.0.0.2:7100", "tcp://store:7100" or, with
// CURVE, "tcp://10.0.0.2:7100#<public key of the server>".
struct Endpoint {
    std::string address;  // as libzmq takes it; empty when the host is a name
    std::string server_key;
    std::string host;  // the name to resolve, empty when the address is known
    std::string port;
};

Result<Endpoint> parse_endpoint(const std::string& text);

}  // namespace drover::bus
