// Moving what is complete to where it belongs.
#pragma once

#include "base/result.hpp"

namespace drover::fetch {

// Moves every entry of `from` into `into`, on the same file system. A directory that is there already is filled, a file
// or link that is there is replaced, and no link is followed.
Result<void> move_contents(int from, int into);

}  // namespace drover::fetch
