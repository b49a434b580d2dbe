// Task: how the task of an incarnation was started, as it stands in the incarnation's directory.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "shim/spec.hpp"

namespace drover::session {

// Of the incarnation whose directory this process is in.
class Task {
   public:
    static Result<Task> read();

    const shim::Spec& spec() const { return spec_; }

   private:
    std::vector<char> bytes_;  // the spec points into both
    std::vector<char*> pointers_;
    shim::Spec spec_;
};

}  // namespace drover::session
