// The CURVE keys that a service is configured with.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/service.hpp"

namespace drover::host {

// Z85 text of 40 characters each; all empty when no files are configured.
struct CurveKeys {
    std::string public_key;
    std::string secret_key;
    std::vector<std::string> allowed;  // public keys of those who may connect
};

// Reads the files again at each call. Errors name the file; the text of a key is never part of one. A secret key that
// others than its owner can read is refused.
Result<CurveKeys> read_curve_keys(const ServiceConfig& config);

}  // namespace drover::host
