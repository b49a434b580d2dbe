// Disk: what a store has done about the place where its database lies, apart from writing to it.
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "wire/request.hpp"

namespace drover::store {

class Disk {
   public:
    virtual ~Disk() = default;

    // Sets room aside for what must be recorded though the disk is full. Fails with a sentence when there is none.
    virtual Result<void> reserve() = 0;
    // Gives some of that room free, so that there is some left for the next time; false when none is.
    virtual bool release() = 0;

    // Both take their time without holding anybody up: `done` is called later, or at once with a refusal. One at a
    // time.
    using Done = std::function<void(Result<wire::StoreReport>)>;
    virtual void back_up(const std::string& name, Done done) = 0;
    virtual void check(Done done) = 0;
};

}  // namespace drover::store
