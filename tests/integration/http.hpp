// A GET as simple as it gets: the tests look through the same door as users, without the product's client.
#pragma once

#include <string>

#include "base/time.hpp"

namespace drover::integration {

// The body, or "" when there was no complete answer of status 200 within `limit`. `address` is "127.0.0.1:4646". An
// empty token is not shown.
std::string http_get(const std::string& address, const std::string& path, const std::string& token = "",
                     Duration limit = seconds(2));

}  // namespace drover::integration
