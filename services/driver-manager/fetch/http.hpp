// HTTP and HTTPS by libcurl.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"
#include "driver-manager/fetch/deadline.hpp"
#include "driver-manager/fetch/request/source.hpp"

namespace drover::fetch {

// Gets the source into `file`, from its beginning. Follows up to ten redirects, only to http and https; the headers and
// the credentials go nowhere but to the source's own host. Tries again after errors that pass: no connection, a
// timeout, a part only, 429, 5xx. `unavailable` for these and for what is missing or not permitted now; `refused` for
// what is larger than `max_bytes`.
Result<void> fetch_http(const Source& source, const std::map<std::string, std::string>& headers,
                        std::uint64_t max_bytes, const Deadline& deadline, int file);

// "user:password" with %xx replaced by what they stand for.
std::string decoded(const std::string& credentials);

}  // namespace drover::fetch
