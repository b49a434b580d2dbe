// Repositories, by running git.
#pragma once

#include <string>

#include "base/result.hpp"
#include "driver-manager/fetch/deadline.hpp"
#include "driver-manager/fetch/request/request.hpp"
#include "driver-manager/fetch/request/source.hpp"

namespace drover::fetch {

// Checks the source's ref out into the empty directory `into`, without the history. The credentials and headers reach
// git by its environment, not by its arguments, and only for the source's own address. Tries again, since what went
// wrong with git is not told apart: `unavailable`, or `not_found` without git.
Result<void> fetch_git(const Source& source, const Request& request, const Deadline& deadline, const std::string& into);

}  // namespace drover::fetch
