#include "integration/stalls.hpp"

#include <poll.h>

#include <algorithm>

#include "integration/wait.hpp"

namespace drover::integration {

namespace {
constexpr int kNapMs = 4;
}

Stalls::Stalls()
    : napper_([this] {
          while (!over_) {
              const Instant due = now() + milliseconds(kNapMs);
              poll(nullptr, 0, kNapMs);
              worst_ = std::max(worst_.load(), (now() - due).ns);
          }
      }) {}

Stalls::~Stalls() {
    over_ = true;
    napper_.join();
}

}  // namespace drover::integration
