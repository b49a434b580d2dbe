// CURVE keys as configured. Keys are Z85 text of 40 characters.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace drover::bus {

// Everything empty: no encryption, for ipc:// in a private directory. With a secret key every tcp:// endpoint is
// encrypted and only the listed clients are let in.
struct CurveConfig {
    std::string public_key;
    std::string secret_key;
    std::vector<std::string> allowed;  // public keys of the clients

    bool enabled() const { return !secret_key.empty(); }
};

// A fresh pair; nothing in `allowed`.
CurveConfig make_curve_keys();

// An endpoint to connect to, as configured: "ipc:///run/x.sock", "tcp://10.0.0.2:7100" or, with CURVE,
// "tcp://10.0.0.2:7100#<public key of the server>".
struct Endpoint {
    std::string address;
    std::string server_key;
};

// Refuses host names in tcp addresses: libzmq would resolve them in its I/O thread, where one bad name freezes every
// connection of the process.
Result<Endpoint> parse_endpoint(const std::string& text);

}  // namespace drover::bus
