// The CURVE keys that a service is configured with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "bus/roles.hpp"
#include "host/service.hpp"

namespace drover::host {

// Z85 text of 40 characters each; all empty when no files are configured.
struct CurveKeys {
    std::string public_key;
    std::string secret_key;
    std::vector<bus::Allowed> allowed;  // who may connect
};

// Reads the files again at each call. Errors name the file; the text of a key is never part of one. A secret key that
// others than its owner can read is refused.
Result<CurveKeys> read_curve_keys(const ServiceConfig& config);

// Stands in an endpoint before the path of a file with its key: "tcp://10.0.0.2:7100#file:/keys/store.pub".
inline constexpr std::string_view kKeyFile = "#file:";

// The configured peers, with the keys themselves in place of their files.
Result<std::vector<std::string>> read_peer_keys(const std::vector<std::string>& peers);

}  // namespace drover::host
