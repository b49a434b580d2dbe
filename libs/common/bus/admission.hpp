// Admission: the receiver's half of a stream, pure. One rule for live records, replays and snapshots.
#pragma once

#include <cstdint>
#include <deque>

#include "wire/envelope.hpp"

namespace drover::bus {

enum class Verdict {
    apply,      // the records above position() are news, in order
    duplicate,  // all known already
    gap,        // something before it is missing; dropped, want() is set
    refused,    // of an epoch that has been left
};

// Where an epoch is named.
enum class Word {
    record,  // which may come late
    vector,  // the newest of the life that lives: that one knows
};

class Admission {
   public:
    // `from_head`: the first head heard of counts as applied.
    explicit Admission(bool from_head = false) : from_head_(from_head) {}

    // True when `epoch` is another one: everything known of the stream is void. An epoch that was left before is
    // entered again only on the word of a vector.
    bool enter(std::uint64_t epoch, Word word);
    // Judges an envelope of the current epoch. After `apply` call applied() for each record above position().
    Verdict judge(const wire::Envelope& envelope);
    void applied(std::uint64_t number) { position_ = number; }
    // The sender's word on its head. Returns true when that shows that something is missing.
    bool heard_head(std::uint64_t head);
    // A reset envelope: begin again at 0 within the epoch.
    void restart();

    std::uint64_t epoch() const { return epoch_; }
    std::uint64_t position() const { return position_; }
    bool want() const { return gap_ || position_ < head_; }
    // Everything up to a head that the sender itself has stated is applied.
    bool complete() const { return head_known_ && !want(); }
    // After applying: a gap is closed once the position has reached what was heard of. True when this closed one.
    bool settle();

   private:
    static constexpr std::size_t kRetired = 16;

    bool from_head_;
    bool entered_ = false;
    bool head_known_ = false;
    bool gap_ = false;
    std::uint64_t epoch_ = 0;
    std::uint64_t position_ = 0;
    std::uint64_t head_ = 0;  // highest number heard of
    std::deque<std::uint64_t> retired_;
};

}  // namespace drover::bus
