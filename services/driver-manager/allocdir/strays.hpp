// Strays: what lies where a directory of an alloc or of a task belongs and is none, a file or a link. One of them must
// not keep a whole node from being read.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace drover::allocdir {

struct Stray {
    std::string path;   // where it was
    std::string aside;  // where it is now, <root>/.aside/...
};

// Moves every stray in <root>/ and in <root>/<alloc>/ aside, where a person may look at it and nobody else does. A root
// that does not exist has none. An error is about the first one that could not be moved.
Result<std::vector<Stray>> set_strays_aside(const std::string& root);

}  // namespace drover::allocdir
