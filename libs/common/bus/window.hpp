// Window: the sender's half of repairing one receiver's view of one stream, pure. Sends what the receiver lacks, at
// most kWindow envelopes beyond what it has reported. When it does not get on, goes back and sends one envelope until
// it does: an answer that is only slow then costs no more than that one.
#pragma once

#include <deque>
#include <optional>

#include "base/time.hpp"
#include "bus/feed.hpp"

namespace drover::bus {

class Window {
   public:
    // The receiver's report. A wanting position is authoritative, even when lower than one heard before.
    void report(Instant now, std::uint64_t position, bool want);

    // The next envelope to send, without names; nullopt when there is nothing to send now.
    std::optional<wire::Envelope> next(Instant now, const FeedSource& source);

    bool active() const { return active_; }
    std::uint64_t position() const { return position_; }

    static constexpr std::size_t kWindow = 16;                // envelopes
    static constexpr std::size_t kRecords = 64;               // per envelope
    static constexpr std::size_t kBytes = 32 * 1024;          // of bodies per envelope
    static constexpr Duration kPatience = milliseconds(200);  // without progress before going back; doubles to kLongest
    static constexpr Duration kLongest = seconds(5);

   private:
    bool active_ = false;
    bool probing_ = false;
    std::uint64_t position_ = 0;
    std::uint64_t sent_ = 0;
    std::deque<std::uint64_t> in_flight_;  // last number of each envelope sent
    Instant progress_at_;
    std::uint64_t stalls_ = 0;
};

}  // namespace drover::bus
